using System.Collections;
using System.IO.Pipes;
using System.Runtime.InteropServices;

namespace Callbacks.Local;

/// <summary>
/// A child that doesn't outlive this process, whatever ends it, and that is not in its terminal's process group: Ctrl-C reaches this
/// process alone, which stops its children in the order it wants.
/// </summary>
sealed class ChildProcess : IAsyncDisposable
{
    // Runs after setpriv has asked for the death signal. Should the parent have died before that, nobody would send it: hence the
    // first line. The process id is not known to the parent before the start: hence the second.
    const string Shim = """
        [ "$PPID" = "$0" ] || exit 1
        [ -z "$LISTEN_FDS" ] || export LISTEN_PID=$$
        exec "$@"
        """;

    readonly TaskCompletionSource<int> _exited = new(TaskCreationOptions.RunContinuationsAsynchronously);
    readonly Lock _lock = new();
    bool _reaped;

    ChildProcess(int id) => Id = id;

    public int Id { get; }

    /// <summary>The exit code, or 128 + the signal that ended it, as a shell has it. Completes when the last line was delivered, too.</summary>
    public Task<int> Exited => _exited.Task;

    /// <exception cref="LocalException">The child could not be started.</exception>
    public static ChildProcess Start(ChildStart start)
    {
        using var output = new AnonymousPipeServerStream(PipeDirection.In, HandleInheritability.None);
        int id = SpawnThread.Run(() => Spawn(start, (int)output.ClientSafePipeHandle.DangerousGetHandle()));
        output.ClientSafePipeHandle.Dispose();

        // A second handle on the reading end, for the reading thread to own: this method's goes with the server stream.
        int reading = Libc.Control((int)output.SafePipeHandle.DangerousGetHandle(), Libc.DuplicateAtLeastAndCloseOnExec, 0);
        var child = new ChildProcess(id);
        var reader = new Thread(() => ReadLines(reading, start.OnLine)) { IsBackground = true, Name = $"output of {id}" };
        var waiter = new Thread(() => child.WaitForExit(reader)) { IsBackground = true, Name = $"exit of {id}" };
        reader.Start();
        waiter.Start();
        return child;
    }

    /// <summary>Runs a program to its end.</summary>
    public static async Task<(int ExitCode, string Output)> RunAsync(ChildStart start, CancellationToken stop = default)
    {
        var lines = new List<string>();
        await using ChildProcess child = Start(start with { OnLine = lines.Add });
        int exitCode = await child.Exited.WaitAsync(stop);
        return (exitCode, string.Join('\n', lines));
    }

    /// <summary>Sends a signal, unless the child has ended. Never reaches a stranger that was given the same id since.</summary>
    public void Send(Signal signal)
    {
        lock (_lock)
        {
            if (!_reaped)
                _ = Libc.Kill(Id, (int)signal);
        }
    }

    /// <summary>Asks the child to end, and ends it when it hasn't after <paramref name="patience"/>. Returns when it is gone.</summary>
    public async Task<int> StopAsync(Signal signal, TimeSpan patience)
    {
        Send(signal);
        try
        {
            return await Exited.WaitAsync(patience);
        }
        catch (TimeoutException)
        {
            Send(Signal.Kill);
            return await Exited;
        }
    }

    public async ValueTask DisposeAsync()
    {
        Send(Signal.Kill);
        await Exited;
    }

    static unsafe int Spawn(ChildStart start, int output)
    {
        byte* actions = stackalloc byte[Libc.OpaqueBytes];
        byte* attributes = stackalloc byte[Libc.OpaqueBytes];
        byte* signals = stackalloc byte[Libc.OpaqueBytes];
        List<nint> arguments = ToNative(CommandLine(start));
        List<nint> environment = ToNative(EnvironmentOf(start));
        Check(Libc.InitActions(actions));
        Check(Libc.InitAttributes(attributes));
        try
        {
            Check(Libc.AddOpen(actions, 0, "/dev/null", Libc.OpenReadOnly, 0));
            Check(Libc.AddDuplicate(actions, output, 1));
            Check(Libc.AddDuplicate(actions, output, 2));
            for (int i = 0; i < (start.Socket?.Descriptors.Count ?? 0); i++)
                Check(Libc.AddDuplicate(actions, start.Socket!.Descriptors[i], HeldSocket.FirstDescriptor + i));
            if (start.WorkingDirectory is not null)
                Check(Libc.AddChangeDirectory(actions, start.WorkingDirectory));

            // The runtime ignores SIGPIPE, and "ignored" would be inherited.
            Check(Libc.SetFlags(attributes, Libc.SpawnSetSignalDefaults | Libc.SpawnSetSignalMask | Libc.SpawnNewSession));
            Check(Libc.FillSignals(signals));
            Check(Libc.SetSignalDefaults(attributes, signals));
            Check(Libc.EmptySignals(signals));
            Check(Libc.SetSignalMask(attributes, signals));

            fixed (nint* argv = CollectionsMarshal.AsSpan(arguments))
            fixed (nint* envp = CollectionsMarshal.AsSpan(environment))
            {
                Check(Libc.Spawn(out int pid, "setpriv", actions, attributes, argv, envp));
                return pid;
            }
        }
        finally
        {
            Check(Libc.DestroyActions(actions));
            Check(Libc.DestroyAttributes(attributes));
            foreach (nint text in arguments.Concat(environment))
                Marshal.FreeCoTaskMem(text);
        }

        void Check(int error)
        {
            if (error != 0)
                throw new LocalException($"{start.FileName} could not be started by setpriv (of util-linux): {Marshal.GetPInvokeErrorMessage(error)}.");
        }
    }

    static IEnumerable<string> CommandLine(ChildStart start) =>
    [
        "setpriv",
        "--pdeathsig", NameOf(start.DeathSignal),
        .. start.Account is null ? Array.Empty<string>() : [$"--reuid={start.Account}", $"--regid={start.Account}", "--init-groups"],
        "--", "sh", "-c", Shim, System.Environment.ProcessId.ToString(),
        start.FileName, .. start.Arguments,
    ];

    static string NameOf(Signal signal) => signal switch
    {
        Signal.Interrupt => "INT",
        Signal.Quit => "QUIT",
        Signal.Terminate => "TERM",
        _ => "KILL",
    };

    static IEnumerable<string> EnvironmentOf(ChildStart start)
    {
        var variables = new Dictionary<string, string?>(StringComparer.Ordinal);
        foreach (DictionaryEntry entry in Environment.GetEnvironmentVariables())
            variables[(string)entry.Key] = (string?)entry.Value;
        foreach ((string name, string? value) in start.Environment)
            variables[name] = value;
        variables["LISTEN_FDS"] = start.Socket?.Descriptors.Count.ToString();
        variables["LISTEN_PID"] = null;
        return variables.Where(variable => variable.Value is not null).Select(variable => $"{variable.Key}={variable.Value}");
    }

    static List<nint> ToNative(IEnumerable<string> texts) => [.. texts.Select(Marshal.StringToCoTaskMemUTF8), 0];

    static void ReadLines(int descriptor, Action<string>? onLine)
    {
        using var stream = new FileStream(new Microsoft.Win32.SafeHandles.SafeFileHandle(descriptor, ownsHandle: true), FileAccess.Read);
        using var reader = new StreamReader(stream);
        while (reader.ReadLine() is string line)
            onLine?.Invoke(line);
    }

    unsafe void WaitForExit(Thread reader)
    {
        // Waiting without reaping keeps the id taken, so that a signal sent meanwhile can't reach a stranger.
        byte* info = stackalloc byte[Libc.OpaqueBytes];
        while (Libc.WaitId(Libc.ById, Id, info, Libc.WaitExited | Libc.WaitLeaveIt) != 0)
        {
            if (Marshal.GetLastPInvokeError() == Libc.NoSuchChild)
                break;
        }

        int status;
        lock (_lock)
        {
            if (Libc.WaitPid(Id, out status, 0) != Id)
                status = 0xff00;
            _reaped = true;
        }

        // Grandchildren may hold the pipe open; they are not waited for.
        reader.Join(TimeSpan.FromSeconds(1));
        int signal = status & 0x7f;
        _exited.SetResult(signal == 0 ? (status >> 8) & 0xff : 128 + signal);
    }
}

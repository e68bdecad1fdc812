using System.Globalization;
using Callbacks.Local;

namespace Callbacks.SystemTests.Acceptance;

/// <summary>The service, which may be killed, stopped and started again on the same journal.</summary>
/// <param name="port">Where it listens; <paramref name="socket"/>'s when there is one.</param>
/// <param name="socket">Held for it while it is down; null: connections are refused meanwhile.</param>
sealed class ServiceProcess(int port, HeldSocket? socket, string[] arguments) : IAsyncDisposable
{
    static readonly TimeSpan StartDeadline = TimeSpan.FromSeconds(60);
    static readonly TimeSpan StopDeadline = TimeSpan.FromSeconds(20);

    // A connection per question: none is left over from a process that has ended.
    readonly HttpClient _client = new(new SocketsHttpHandler { PooledConnectionLifetime = TimeSpan.Zero }) { Timeout = TimeSpan.FromSeconds(15) };
    ChildProcess? _process;

    public Uri Url { get; } = new($"http://localhost:{port}/");

    public Transcript Lines { get; } = new();

    /// <summary>A command that runs it, with its own arguments; empty: it is run as it is.</summary>
    public string[] Within { get; init; } = [];

    /// <summary>Returns when it says that it is ready.</summary>
    public async Task StartAsync()
    {
        // For the person who reads why a test failed.
        string[] urls = ["--Logging:Console:FormatterName=simple", .. socket is null ? [$"--urls={Url}"] : Array.Empty<string>()];
        ChildProcess process = ChildProcess.Start(Programs.Within(Within, Programs.Service([.. urls, .. arguments])) with { Socket = socket, OnLine = Lines.Add });
        _process = process;
        await Eventually.TrueAsync(IsReadyAsync, StartDeadline, () => $"the service is ready. It said:\n{Lines}");

        async Task<bool> IsReadyAsync()
        {
            if (process.Exited.IsCompleted)
                throw new InvalidOperationException($"The service ended with {await process.Exited}. It said:\n{Lines}");
            using HttpResponseMessage response = await _client.GetAsync(new Uri(Url, "readyz"));
            return response.IsSuccessStatusCode;
        }
    }

    public async Task KillAsync()
    {
        _process!.Send(Signal.Kill);
        await _process.Exited.WaitAsync(StopDeadline);
    }

    /// <summary>Takes the processor away from it for a while, as a debugger or a crowded host does.</summary>
    public async Task PauseForAsync(TimeSpan pause)
    {
        _process!.Send(Signal.Stop);
        await Task.Delay(pause, TimeProvider.System);
        _process.Send(Signal.Continue);
    }

    public async Task StopAsync()
    {
        int exitCode = await _process!.StopAsync(Signal.Terminate, StopDeadline);
        Assert.True(exitCode == 0, $"Asked to stop, the service ended with {exitCode}. It said:\n{Lines}");
    }

    public async Task<ServiceStatus> StatusAsync() => ServiceStatus.Parse(await _client.GetStringAsync(new Uri(Url, "status")));

    /// <summary>From <c>/proc</c>; the process runs under its own id from the start.</summary>
    public double ResidentMebibytes() => ReadFigure("VmRSS:") / 1024.0;

    public int CountThreads() => ReadFigure("Threads:");

    public int CountFiles() => Directory.GetFileSystemEntries($"/proc/{_process!.Id}/fd").Length;

    int ReadFigure(string name)
    {
        string line = File.ReadLines($"/proc/{_process!.Id}/status").First(line => line.StartsWith(name, StringComparison.Ordinal));
        return int.Parse(line[name.Length..].Replace("kB", "", StringComparison.Ordinal), NumberStyles.AllowLeadingWhite | NumberStyles.AllowTrailingWhite);
    }

    public async ValueTask DisposeAsync()
    {
        if (_process is not null)
            await _process.DisposeAsync();
        _client.Dispose();
    }
}

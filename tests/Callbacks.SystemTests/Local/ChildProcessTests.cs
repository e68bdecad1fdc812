using Callbacks.Local;

namespace Callbacks.SystemTests.Local;

public sealed class ChildProcessTests
{
    static readonly TimeSpan Deadline = TimeSpan.FromSeconds(30);

    [Fact]
    public async Task Its_lines_arrive_before_its_exit_code()
    {
        (int exitCode, string output) = await ChildProcess.RunAsync(new ChildStart("sh", "-c", "echo one; echo two >&2; exit 3"));
        Assert.Equal(3, exitCode);
        Assert.Equal("one\ntwo", output);
    }

    [Fact]
    public async Task A_signal_that_ended_it_shows_in_the_exit_code()
    {
        await using ChildProcess child = ChildProcess.Start(new ChildStart("sleep", "1000"));
        child.Send(Signal.Kill);
        Assert.Equal(128 + 9, await child.Exited.WaitAsync(Deadline));
    }

    [Fact]
    public async Task One_that_ignores_the_request_to_stop_is_killed()
    {
        var ready = new TaskCompletionSource();
        await using ChildProcess child = ChildProcess.Start(new ChildStart("sh", "-c", "trap '' TERM; echo ready; exec sleep 1000")
        {
            OnLine = _ => ready.TrySetResult(),
        });
        await ready.Task.WaitAsync(Deadline);
        Assert.Equal(128 + 9, await child.StopAsync(Signal.Terminate, TimeSpan.FromMilliseconds(50)).WaitAsync(Deadline));
    }

    [Fact]
    public async Task A_missing_program_is_said_to_be_missing()
    {
        (int exitCode, string output) = await ChildProcess.RunAsync(new ChildStart("no-such-program"));
        Assert.Equal(127, exitCode);
        Assert.Contains("no-such-program", output, StringComparison.Ordinal);
    }

    [Fact]
    public async Task It_outlives_the_thread_that_asked_for_it()
    {
        var ready = new TaskCompletionSource();
        ChildProcess? child = null;
        string? kernelThread = null;
        var thread = new Thread(() =>
        {
            kernelThread = "/proc/" + new FileInfo("/proc/thread-self").LinkTarget;
            child = ChildProcess.Start(new ChildStart("sh", "-c", "sleep 1000 & trap 'kill $!; exit 7' TERM; echo ready; wait")
            {
                OnLine = _ => ready.TrySetResult(),
            });
        });
        thread.Start();
        Assert.True(thread.Join(Deadline));
        await ready.Task.WaitAsync(Deadline);
        Assert.True(SpinWait.SpinUntil(() => !Directory.Exists(kernelThread), Deadline));

        Assert.Equal(7, await child!.StopAsync(Signal.Terminate, Deadline));
    }

    [Fact]
    public async Task It_sees_its_own_process_id_with_the_sockets_it_was_given()
    {
        using HeldSocket socket = HeldSocket.Listen(0);
        var lines = new List<string>();
        await using ChildProcess child = ChildProcess.Start(
            new ChildStart("sh", "-c", "echo $LISTEN_FDS; echo $$ $LISTEN_PID; for fd in 3 4; do readlink /proc/$$/fd/$fd; done")
            {
                Socket = socket,
                OnLine = lines.Add,
            });
        Assert.Equal(0, await child.Exited.WaitAsync(Deadline));

        Assert.Equal($"{socket.Descriptors.Count}", lines[0]);
        Assert.Equal($"{child.Id} {child.Id}", lines[1]);
        Assert.All(lines.Skip(2).Take(socket.Descriptors.Count), line => Assert.StartsWith("socket:", line, StringComparison.Ordinal));
    }

    [Fact]
    public async Task It_starts_with_no_signal_ignored_or_blocked()
    {
        (_, string output) = await ChildProcess.RunAsync(new ChildStart("grep", "-E", "^Sig(Blk|Ign):", "/proc/self/status"));

        // 32 and 33 are the C library's own.
        Assert.Equal("SigBlk:\t0000000000000000\nSigIgn:\t0000000180000000", output);
    }
}

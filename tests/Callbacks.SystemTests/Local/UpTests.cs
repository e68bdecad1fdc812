using System.Collections.Concurrent;
using System.Globalization;
using System.Runtime.InteropServices;
using Callbacks.Fixtures;
using Callbacks.Local;

namespace Callbacks.SystemTests.Local;

/// <summary><c>./callback up</c> as a newcomer starts it, apart from the ports and the folder.</summary>
public sealed class UpTests : IAsyncLifetime
{
    static readonly TimeSpan Deadline = TimeSpan.FromSeconds(60);

    readonly string _home = Path.Combine(Path.GetTempPath(), $"callback-test-{Environment.ProcessId}-up-{FreePort.Take()}");
    readonly int _port = FreePort.Take();
    readonly int _postgreSqlPort = FreePort.Take();
    readonly ConcurrentQueue<string> _lines = new();
    readonly ConcurrentDictionary<string, TaskCompletionSource> _awaited = new(StringComparer.Ordinal);

    public ValueTask InitializeAsync()
    {
        Assert.SkipWhen(!ServerPrograms.FindAll().Any() && Environment.GetEnvironmentVariable("CI") is not "true", "PostgreSQL is not installed.");
        Directory.CreateDirectory(_home);
        return ValueTask.CompletedTask;
    }

    public ValueTask DisposeAsync()
    {
        if (Directory.Exists(_home))
            Directory.Delete(_home, recursive: true);
        return ValueTask.CompletedTask;
    }

    [Fact]
    public async Task Asked_to_stop_it_stops_everything_it_started()
    {
        await using ChildProcess up = Start();
        await LineAsync("  service ");
        int[] children = Processes.ChildrenOf(up.Id);

        up.Send(Signal.Interrupt);

        Assert.Equal(0, await up.Exited.WaitAsync(Deadline));
        Assert.Equal("Stopped. Run it again to go on with the same data.", _lines.Last());
        Assert.NotEmpty(children);
        Assert.DoesNotContain(children, id => Directory.Exists($"/proc/{id}"));
    }

    [Fact]
    public async Task Killed_it_takes_everything_with_it()
    {
        await using ChildProcess up = Start();
        await LineAsync("  service ");
        int[] children = Processes.ChildrenOf(up.Id);
        Assert.NotEmpty(children);

        up.Send(Signal.Kill);

        foreach (int child in children)
            await Processes.GoneAsync(child, Deadline);
    }

    [Fact]
    public async Task Killed_and_started_again_at_once_it_goes_on_with_the_same_data()
    {
        await using (ChildProcess killed = Start())
            await LineAsync("  service ");
        string password = Path.Combine(_home, "postgresql/data/callback.password");
        string before = await File.ReadAllTextAsync(password);
        _awaited.Clear();
        _lines.Clear();

        await using ChildProcess up = Start();
        await LineAsync("  service ");

        Assert.Equal(before, await File.ReadAllTextAsync(password));
        up.Send(Signal.Terminate);
        Assert.Equal(0, await up.Exited.WaitAsync(Deadline));
    }

    [Fact]
    public async Task A_PostgreSQL_that_dies_is_started_again()
    {
        await using ChildProcess up = Start();
        await LineAsync("  service ");
        string pidFile = Path.Combine(_home, "postgresql/data/postmaster.pid");
        int postmaster = int.Parse((await File.ReadAllLinesAsync(pidFile))[0], CultureInfo.InvariantCulture);

        _ = Libc.Kill(postmaster, (int)Signal.Kill);

        await LineAsync("PostgreSQL ended (signal 9); starting it again.");
        up.Send(Signal.Terminate);
        Assert.Equal(0, await up.Exited.WaitAsync(Deadline));
    }

    [Fact]
    public async Task PostgreSQL_has_the_buffers_that_this_machine_can_spare()
    {
        await using ChildProcess up = Start();
        await LineAsync("  service ");
        // Its command line.
        string options = await File.ReadAllTextAsync(Path.Combine(_home, "postgresql/data/postmaster.opts"));
        Assert.Contains($"\"shared_buffers={ServerSettings.Here["shared_buffers"]}\"", options, StringComparison.Ordinal);
        up.Send(Signal.Terminate);
        Assert.Equal(0, await up.Exited.WaitAsync(Deadline));
    }

    [Fact]
    public async Task A_taken_port_is_one_line_that_says_what_to_do()
    {
        using HeldSocket squatter = HeldSocket.Listen(_port);
        await using ChildProcess up = Start();
        Assert.Equal(69, await up.Exited.WaitAsync(Deadline));
        string line = Assert.Single(_lines);
        Assert.Equal($"Port {_port} is taken by another program: ss -ltnp 'sport = :{_port}' shows which. Stop it, or: ./callback up --port {_port + 1}", line);
    }

    [Fact]
    public async Task PostgreSQLs_port_being_taken_is_said_in_the_same_way()
    {
        using HeldSocket squatter = HeldSocket.Listen(_postgreSqlPort);
        await using ChildProcess up = Start();
        Assert.Equal(69, await up.Exited.WaitAsync(Deadline));
        Assert.Contains($"Port {_postgreSqlPort} is taken", _lines.Last(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_second_one_in_the_same_folder_is_refused()
    {
        await using ChildProcess first = Start();
        await LineAsync("  service ");
        await using ChildProcess second = Start("--port", $"{FreePort.Take()}");
        Assert.Equal(69, await second.Exited.WaitAsync(Deadline));
        first.Send(Signal.Terminate);
        Assert.Equal(0, await first.Exited.WaitAsync(Deadline));
    }

    ChildProcess Start(params string[] more)
    {
        string folder = AppContext.BaseDirectory;
        string dotnet = Path.GetFullPath(Path.Combine(RuntimeEnvironment.GetRuntimeDirectory(), "../../../dotnet"));
        string[] arguments =
        [
            Path.Combine(folder, "callback-local.dll"),
            "--service", Path.Combine(folder, "callback.dll"), "--tester", Path.Combine(folder, "callback-tester.dll"),
            "--port", $"{_port}", "--tester-port", $"{FreePort.Take()}", "--postgresql-port", $"{_postgreSqlPort}",
            .. more,
        ];
        return ChildProcess.Start(new ChildStart(dotnet, arguments)
        {
            Environment = new Dictionary<string, string?>(StringComparer.Ordinal) { ["CALLBACK_HOME"] = _home },
            OnLine = OnLine,
        });
    }

    void OnLine(string line)
    {
        _lines.Enqueue(line);
        foreach ((string start, TaskCompletionSource seen) in _awaited)
        {
            if (line.StartsWith(start, StringComparison.Ordinal))
                seen.TrySetResult();
        }
    }

    Task LineAsync(string start)
    {
        TaskCompletionSource seen = _awaited.GetOrAdd(start, _ => new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously));
        if (_lines.Any(line => line.StartsWith(start, StringComparison.Ordinal)))
            seen.TrySetResult();
        return seen.Task.WaitAsync(Deadline);
    }
}

using Callbacks.Fixtures;
using Callbacks.Local;

namespace Callbacks.SystemTests.Acceptance;

/// <summary>A start that can't succeed ends with one line; neither PostgreSQL nor the upstream being away is such.</summary>
public sealed class ExitCodeTests : IDisposable
{
    const int ExitConfiguration = 78;

    static readonly TimeSpan Deadline = TimeSpan.FromSeconds(30);

    readonly string _folder = Directory.CreateTempSubdirectory($"callback-test-{Environment.ProcessId}-").FullName;
    readonly int _port = FreePort.Take();

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    [Theory]
    [InlineData("Lookup:InFlightMax", "0", "1 to 100,000")]
    [InlineData("Sweep:Retention", "00:00:00.5", "00:00:01 to 1.00:00:00")]
    [InlineData("Intake:IdsMax", "0", "1 to 100,000")]
    [InlineData("Journal:SegmentBytes", "100", "65,536 to 1,073,741,824")]
    [InlineData("Lookup:InFlightMax", "many", "")]
    public async Task A_value_that_cannot_be_used_is_one_line_with_key_value_and_range(string key, string value, string range)
    {
        (int exitCode, string said) = await RunAsync($"--{key}={value}");
        Assert.True(exitCode == ExitConfiguration, $"{exitCode}: {said}");
        string line = Assert.Single(said.Split('\n'));
        Assert.Contains(key, line, StringComparison.Ordinal);
        Assert.Contains(value, line, StringComparison.Ordinal);
        Assert.Contains(range, line, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_journal_folder_that_cannot_be_made_is_one_line_with_key_and_value()
    {
        string file = Path.Combine(_folder, "file");
        await File.WriteAllTextAsync(file, "");
        string directory = Path.Combine(file, "journal");
        (int exitCode, string said) = await RunAsync($"--Journal:Directory={directory}");
        Assert.True(exitCode == ExitConfiguration, $"{exitCode}: {said}");
        Assert.Contains($"Journal:Directory '{directory}' can't be used: ", Assert.Single(said.Split('\n')), StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_journal_that_another_process_uses_is_one_line_and_the_other_one_goes_on()
    {
        await using ServiceProcess first = Service();
        await first.StartAsync();

        (int exitCode, string said) = await RunAsync("--urls=http://localhost:" + FreePort.Take());

        Assert.True(exitCode == ExitConfiguration, $"{exitCode}: {said}");
        Assert.Contains("is in use by another process", Assert.Single(said.Split('\n')), StringComparison.Ordinal);
        Assert.Equal("up", (await first.StatusAsync()).Journal.State);
        await first.StopAsync();
    }

    [Fact]
    public async Task A_port_that_is_taken_is_said_and_leaves_the_journal_usable()
    {
        using (HeldSocket.Listen(_port))
        {
            (int exitCode, string said) = await RunAsync();
            Assert.True(exitCode is not 0 and not ExitConfiguration, $"{exitCode}: {said}");
            // What was under way may say something after it.
            Assert.Contains(said.Split('\n'), line => line.Contains($"{_port}", StringComparison.Ordinal) && line.Contains("--urls", StringComparison.Ordinal));
        }

        await using ServiceProcess service = Service();
        await service.StartAsync();
        await service.StopAsync();
    }

    ServiceProcess Service() => new(_port, socket: null, Arguments());

    // Nobody listens on port 1.
    string[] Arguments() =>
    [
        $"--Journal:Directory={Path.Combine(_folder, "journal")}", "--Store:ConnectionString=Host=127.0.0.1;Port=1;Username=nobody;Database=none",
        "--Lookup:BaseUrl=http://127.0.0.1:1/",
    ];

    async Task<(int ExitCode, string Said)> RunAsync(params string[] more)
    {
        using var deadline = new CancellationTokenSource(Deadline);
        return await ChildProcess.RunAsync(Programs.Service([$"--urls=http://localhost:{_port}", .. Arguments(), .. more]), deadline.Token);
    }
}

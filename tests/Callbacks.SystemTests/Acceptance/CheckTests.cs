using System.Collections.ObjectModel;
using Callbacks.Fixtures;
using Callbacks.Local;
using Callbacks.SystemTests.Faults;

namespace Callbacks.SystemTests.Acceptance;

/// <summary><c>callback check</c> and <c>callback config</c> as they are run, beside real parts and beside a running service.</summary>
public sealed class CheckTests : IDisposable
{
    const int ExitConfiguration = 78;
    const string Secret = "sehr-geheim-4711";

    static readonly TimeSpan Deadline = TimeSpan.FromSeconds(60);

    readonly string _folder = Directory.CreateTempSubdirectory($"callback-test-{Environment.ProcessId}-").FullName;
    readonly int _port = FreePort.Take();

    string Journal => Path.Combine(_folder, "journal");

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    [Fact]
    public async Task All_is_well_before_the_first_start_nothing_is_made_and_all_is_well_beside_the_running_service()
    {
        string connectionString = await PostgreSql.CreateDatabaseAsync();
        await using var upstream = new UpstreamProcess(Path.Combine(_folder, "lookups"), ["--latency-min", "1", "--latency-max", "5"]);
        await upstream.StartAsync();
        // On a crowded machine a connection takes longer than the two seconds of the default.
        string[] flags = [$"--Journal:Directory={Journal}", $"--Store:ConnectionString={connectionString}", "--Store:ConnectTimeout=00:00:10", $"--Lookup:BaseUrl={upstream.Url}"];

        (int before, string saidBefore) = await RunAsync(["check", $"--urls=http://localhost:{_port}", .. flags]);
        Assert.True(before == 0, saidBefore);
        Assert.All(saidBefore.Split('\n'), line => Assert.StartsWith("ok ", line, StringComparison.Ordinal));
        Assert.False(Directory.Exists(Journal));

        await using var service = new ServiceProcess(_port, socket: null, flags);
        await service.StartAsync();
        (int beside, string saidBeside) = await RunAsync(["check", $"--urls=http://localhost:{_port}", .. flags]);
        Assert.True(beside == 0, saidBeside);
        Assert.Contains($"'{Journal}' is in use by a running service", saidBeside, StringComparison.Ordinal);
        Assert.Contains($"http://localhost:{_port} is held by a running service", saidBeside, StringComparison.Ordinal);
        Assert.Equal("up", (await service.StatusAsync()).Journal.State);
        await service.StopAsync();
    }

    [Fact]
    public async Task What_is_away_fails_a_line_each_and_no_secret_is_shown()
    {
        using var taken = HeldSocket.Listen(_port);
        string file = Path.Combine(_folder, "file");
        await File.WriteAllTextAsync(file, "");
        (int exitCode, string said) = await RunAsync(
            ["check", $"--urls=http://localhost:{_port}", $"--Journal:Directory={file}", $"--Lookup:BaseUrl=http://user:{Secret}@127.0.0.1:1/", $"--Telemetry:Endpoint=http://user:{Secret}@127.0.0.1:1/"],
            ("Store__ConnectionString", $"Host=127.0.0.1;Port=1;Username=nobody;Password={Secret}"), ("OTEL_EXPORTER_OTLP_HEADERS", $"authorization={Secret}"));

        Assert.True(exitCode == ExitConfiguration, $"{exitCode}: {said}");
        Assert.Equal(
            ["Journal:Directory", "Lookup:BaseUrl", "Store:ConnectionString", "Telemetry:Endpoint", "listen address"],
            said.Split('\n').Where(line => line.StartsWith("FAILED  ", StringComparison.Ordinal)).Select(line => line[8..32].TrimEnd()), StringComparer.Ordinal);
        Assert.DoesNotContain(Secret, said, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_configuration_that_is_wrong_in_itself_fails_without_reaching_for_anything_or_showing_a_secret()
    {
        (int exitCode, string said) = await RunAsync(
            ["check", "--Store:Keep=some", $"--Store:Pasword={Secret}", $"--Lookup:BaseUrl=http://user:{Secret}@host/?token={Secret}", $"--Sweep:Retention=Password={Secret}"],
            ("Store__ConnectionString", $"Host=127.0.0.1;Port={Secret};Password={Secret}"), ("LOOKUP__INFLIGTHMAX", Secret));

        Assert.True(exitCode == ExitConfiguration, $"{exitCode}: {said}");
        string[] lines = said.Split('\n');
        Assert.Equal(6, lines.Length);
        Assert.All(lines, line => Assert.StartsWith("FAILED  configuration ", line, StringComparison.Ordinal));
        Assert.Contains(lines, line => line.Contains("(environment variable LOOKUP__INFLIGTHMAX) is no known key; did you mean Lookup:InFlightMax?", StringComparison.Ordinal));
        Assert.DoesNotContain(Secret, said, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_start_with_the_same_mistakes_shows_no_secret_either()
    {
        (int exitCode, string said) = await RunAsync(
            [$"--Store:Pasword={Secret}", $"--Lookup:BaseUrl=http://user:{Secret}@host/?token={Secret}"],
            ("Store__ConnectionString", $"Database=x;Password={Secret};SSL Password={Secret}"));
        Assert.True(exitCode == ExitConfiguration, $"{exitCode}: {said}");
        Assert.Equal(3, said.Split('\n').Length);
        Assert.DoesNotContain(Secret, said, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_disk_without_room_for_two_segments_is_said()
    {
        await using SmallDisk disk = await SmallDisk.MountAsync();
        using var deadline = new CancellationTokenSource(Deadline);
        ChildStart check = Programs.Service(["check", $"--urls=http://localhost:{_port}", $"--Journal:Directory={disk.Journal}", "--Journal:SegmentBytes=67108864"]);
        (int exitCode, string said) = await ChildProcess.RunAsync(Programs.Within(disk.Enter, check), deadline.Token);
        Assert.True(exitCode == ExitConfiguration, $"{exitCode}: {said}");
        Assert.Contains("at least two segments of 67108864 are needed", Assert.Single(said.Split('\n'), line => line.StartsWith("FAILED  Journal:Directory", StringComparison.Ordinal)), StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_socket_that_was_handed_over_is_told()
    {
        using var socket = HeldSocket.Listen(_port);
        using var deadline = new CancellationTokenSource(Deadline);
        (_, string said) = await ChildProcess.RunAsync(Programs.Service(["check", $"--Journal:Directory={Journal}"]) with { Socket = socket }, deadline.Token);
        Assert.Contains("LISTEN_FDS", Assert.Single(said.Split('\n'), line => line.Contains("listen address", StringComparison.Ordinal)), StringComparison.Ordinal);
    }

    [Fact]
    public async Task The_configuration_is_printed_with_its_sources_and_without_secrets()
    {
        (int exitCode, string said) = await RunAsync(
            ["config", "--Lookup:InFlightMax=123", $"--Lookup:BaseUrl=http://user:{Secret}@host/"],
            ("Store__ConnectionString", $"Host=db;Username=callback;Password={Secret}"), ("Sweep__Retention", "00:00:40"), ("OTEL_EXPORTER_OTLP_HEADERS", $"authorization={Secret}"));

        Assert.True(exitCode == 0, $"{exitCode}: {said}");
        Assert.Matches(@"(?m)^Lookup:InFlightMax = 123 +\(flag\)$", said);
        Assert.Matches(@"(?m)^Lookup:BaseUrl = http://\*\*\*@host/ +\(flag\)$", said);
        Assert.Matches(@"(?m)^Sweep:Retention = 00:00:40 +\(environment variable Sweep__Retention\)$", said);
        Assert.Matches(@"(?m)^Store:ConnectionString = Host=db;Username=callback;Password=\*\*\* +\(environment variable Store__ConnectionString\)$", said);
        Assert.Matches(@"(?m)^Intake:IdsMax = 10000 +\(default\)$", said);
        Assert.Matches(@"(?m)^urls = http://localhost:9090 +\(default\)$", said);
        Assert.DoesNotContain(Secret, said, StringComparison.Ordinal);
    }

    static async Task<(int ExitCode, string Said)> RunAsync(string[] arguments, params (string Name, string Value)[] variables)
    {
        using var deadline = new CancellationTokenSource(Deadline);
        ChildStart start = Programs.Service(arguments);
        var environment = start.Environment.Concat(variables.Select(variable => KeyValuePair.Create(variable.Name, (string?)variable.Value)))
            .ToDictionary(pair => pair.Key, pair => pair.Value, StringComparer.Ordinal);
        return await ChildProcess.RunAsync(start with { Environment = new ReadOnlyDictionary<string, string?>(environment) }, deadline.Token);
    }
}

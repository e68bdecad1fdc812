using Callbacks.Fixtures;
using Callbacks.Local;
using Callbacks.Tester.Records;
using Callbacks.Tester.Verify;
using Npgsql;

namespace Callbacks.SystemTests.Acceptance;

/// <summary>
/// A whole trial as real processes: a PostgreSQL of its own, one service or more, the tester's upstream, its sender and its verdict.
/// Everything is stopped and removed at the end.
/// </summary>
sealed class ServiceRig : IAsyncDisposable
{
    static readonly TimeSpan ToolDeadline = TimeSpan.FromMinutes(2);
    static readonly TimeSpan StopPatience = TimeSpan.FromSeconds(20);

    /// <summary>The tester's own: a sighting younger than its life and this much more isn't judged.</summary>
    static readonly TimeSpan LifeSlack = TimeSpan.FromSeconds(2.5);

    static int _count;

    readonly string _folder = Path.Combine(Path.GetTempPath(), $"callback-test-{Environment.ProcessId}-rig-{Interlocked.Increment(ref _count)}");
    readonly TemporaryCluster _cluster;
    readonly RigOptions _options;
    readonly ITestOutputHelper _output;
    readonly List<HeldSocket> _sockets = [];
    readonly List<string> _ledgers = [];
    readonly List<ChildProcess> _senders = [];
    readonly Outages _outages;
    readonly StandstillWatch _standstills;
    Turn? _turn;
    int _kills;
    int _stops;

    ServiceRig(TemporaryCluster cluster, RigOptions options, ITestOutputHelper output)
    {
        (_cluster, _options, _output) = (cluster, options, output);
        Directory.CreateDirectory(_folder);
        _outages = new Outages(Path.Combine(_folder, "outages"));
        File.WriteAllText(_outages.Path, "");
        _standstills = new StandstillWatch(_outages, _folder);
        Upstream = new UpstreamProcess(LookupLog, options.Upstream);
        Proxy = options.IsPostgresBehindProxy ? new CuttingProxy(cluster.Cluster.Port) : null;
        Services = [.. Enumerable.Range(0, options.Services).Select(MakeService)];
    }

    public UpstreamProcess Upstream { get; }

    public IReadOnlyList<ServiceProcess> Services { get; }

    public ServiceProcess Service => Services[0];

    public PrivateCluster Postgres => _cluster.Cluster;

    public CuttingProxy? Proxy { get; }

    string LookupLog => Path.Combine(_folder, "lookups");

    // Without a pool: nothing goes stale when the server restarts.
    public string ConnectionString => new NpgsqlConnectionStringBuilder(Postgres.ConnectionString("callback")) { Pooling = false }.ConnectionString;

    /// <summary>Starts everything, the services at the same moment, and records the table's changes from then on. A trial that is <c>[Alone]</c> waits for its turn.</summary>
    public static async Task<ServiceRig> StartAsync(RigOptions options, ITestOutputHelper output)
    {
        // Little, and before the turn, of which it would be a good part.
        ServiceRig rig;
        using (Turn.Prepare())
            rig = new ServiceRig(await TemporaryCluster.StartAsync(options.PostgresConnectionsMax), options, output);
        try
        {
            using (Turn.Prepare())
            {
                await rig.Postgres.CreateDatabaseAsync("callback");
                await rig.Upstream.StartAsync();
            }

            rig._turn = await Turn.TakeIfAloneAsync();
            await Task.WhenAll(rig.Services.Select(service => service.StartAsync()));
            await Eventually.TrueAsync(rig.IsMigratedAsync, ToolDeadline, () => $"objects exists. The service said:\n{rig.Service.Lines}");
            await Database.InstallAuditAsync(rig.ConnectionString, CancellationToken.None);
            return rig;
        }
        catch
        {
            await rig.DisposeAsync();
            throw;
        }
    }

    /// <summary>Sends until the duration is over, or it is enough.</summary>
    /// <param name="load">Flags of <c>tester send</c>.</param>
    /// <param name="duration">Of the sending.</param>
    /// <param name="service">Which one is sent to.</param>
    /// <param name="enough">Ends the sending in good order.</param>
    public async Task<SendFigures> SendAsync(string[] load, TimeSpan duration, int service = 0, CancellationToken enough = default)
    {
        string ledger = Path.Combine(_folder, $"ledger-{_ledgers.Count}");
        _ledgers.Add(ledger);
        var lines = new Transcript();
        ChildProcess sender = ChildProcess.Start(Programs.Tester(
            ["send", "--url", $"{Services[service].Url}", "--duration", $"{duration.TotalSeconds}s", "--ledger", ledger, "--json", .. load]) with
        { OnLine = lines.Add });
        _senders.Add(sender);
        await using CancellationTokenRegistration ending = enough.Register(() => sender.Send(Signal.Interrupt));
        int exitCode = await sender.Exited.WaitAsync(duration + StopPatience, CancellationToken.None);
        Assert.True(exitCode == 0, $"The sender ended with {exitCode}: {lines}");
        SendFigures figures = SendFigures.Parse(lines.ToString());
        _output.WriteLine($"{figures}");
        return figures;
    }

    /// <summary>What each post took that was answered and sent in that time, the quickest first; all of them unless a time is given.</summary>
    public List<TimeSpan> Latencies(DateTimeOffset from = default, DateTimeOffset? to = null) => [.. _ledgers.SelectMany(LedgerFile.Read)
        .Where(post => post.Outcome == PostOutcome.Answered && post.SendStart >= Moment.From(from) && post.SendStart <= Moment.From(to ?? DateTimeOffset.MaxValue))
        .Select(post => TimeSpan.FromMicroseconds(post.SendEnd - post.SendStart)).Order()];

    /// <summary>Breaks something, until it is mended.</summary>
    /// <param name="kind"><c>service</c> or <c>postgres</c>.</param>
    /// <param name="outage">From breaking it to having it back.</param>
    public Task BreakAsync(string kind, Func<Task> outage) => _outages.RecordAsync(kind, outage);

    /// <summary>Kills the service and starts it again at once.</summary>
    public Task KillServiceAsync()
    {
        _kills++;
        return KillServiceForAsync(TimeSpan.Zero);
    }

    /// <summary>Asks the service to stop and starts it again at once. Returns how long the stop took.</summary>
    public async Task<TimeSpan> RestartServiceAsync()
    {
        TimeSpan stop = default;
        await _outages.RecordAsync("service", async () =>
        {
            long start = TimeProvider.System.GetTimestamp();
            await Service.StopAsync();
            stop = TimeProvider.System.GetElapsedTime(start);
            await Service.StartAsync();
        });
        return stop;
    }

    /// <summary>Kills the service, and starts it when it has been down for a while.</summary>
    public Task KillServiceForAsync(TimeSpan down) => _outages.RecordAsync("service", async () =>
    {
        await Service.KillAsync();
        await Task.Delay(down, TimeProvider.System);
        await Service.StartAsync();
    });

    /// <summary>Stops PostgreSQL as a crash would, and starts it when it has been away for a while.</summary>
    public Task StopPostgresForAsync(TimeSpan away) => _outages.RecordAsync("postgres", async () =>
    {
        _stops++;
        await Postgres.StopImmediatelyAsync();
        await Task.Delay(away, TimeProvider.System);
        await Postgres.StartAsync();
    });

    /// <summary>The upstream refuses connections for a while.</summary>
    public async Task TakeUpstreamAwayForAsync(TimeSpan away)
    {
        await Upstream.ControlAsync("""{"away":true}""");
        await Task.Delay(away, TimeProvider.System);
        await Upstream.ControlAsync("{}");
    }

    public Task<long> CountRowsAsync() => ReadAsync<long>("select count(*) from objects");

    /// <summary>The first column of the first row.</summary>
    public async Task<T> ReadAsync<T>(string sql)
    {
        await using NpgsqlDataSource source = NpgsqlDataSource.Create(ConnectionString);
        await using NpgsqlCommand command = source.CreateCommand(sql);
        return (T)(await command.ExecuteScalarAsync())!;
    }

    public async Task ExecuteAsync(string sql)
    {
        await using NpgsqlDataSource source = NpgsqlDataSource.Create(ConnectionString);
        await using NpgsqlCommand command = source.CreateCommand(sql);
        await command.ExecuteNonQueryAsync();
    }

    /// <summary>Waits until everything that was sent has been settled and swept. Call it when the sending is over.</summary>
    public async Task DrainAsync()
    {
        Task lives = Task.Delay(_options.Retention + LifeSlack, TimeProvider.System);
        TimeSpan deadline = _options.Retention + TimeSpan.FromSeconds(20);
        foreach (ServiceProcess service in Services)
        {
            ServiceStatus? last = null;
            await Eventually.TrueAsync(async () =>
            {
                last = await service.StatusAsync();
                // Its load is over when all that is pending may be in flight: it waits for the upstream and for its rows to go, and the next one may begin.
                if (!_options.KeepsTurn && last.Balance.Pending <= _options.InFlightMax)
                    _turn?.Dispose();
                return last.Balance.Pending == 0;
            }, deadline, () => $"nothing is pending. {last}\nThe service said:\n{service.Lines}");
            _output.WriteLine($"{last!.Balance}");
            Assert.True(last.Balance.IsBalanced, $"The balance does not hold: {last.Balance}");
        }

        long rows = 0;
        await Eventually.TrueAsync(
            async () => (rows = await CountRowsAsync()) == 0, deadline, () => $"objects is empty: {rows} rows. The service said:\n{Service.Lines}");
        await lives;
    }

    /// <summary>Ends the upstream, so that its log is whole, and judges.</summary>
    public async Task<TrialVerdict> VerifyAsync(params string[] flags)
    {
        await Upstream.StopAsync();
        _standstills.Dispose();
        // Beside the next one's load rows may go a little late; how late, others measure.
        if (_turn is { WasFollowed: true } && !flags.Contains("--late"))
            flags = [.. flags, "--late", "1s"];
        if (!flags.Contains("--in-flight-max"))
            flags = [.. flags, "--in-flight-max", $"{_options.InFlightMax}"];
        string json = await RunToolAsync(
            [
                "verify", "--audit", "--json", "--connection-string", ConnectionString, "--lookups", LookupLog, "--outages", _outages.Path,
                "--retention", $"{_options.Retention.TotalSeconds}s", "--able", $"{_options.Able.TotalSeconds}s",
                .. _ledgers.SelectMany(ledger => new[] { "--ledger", ledger }), .. flags,
            ],
            0, 1);
        TrialVerdict verdict = TrialVerdict.Parse(json);
        _output.WriteLine($"{verdict}");
        return verdict;
    }

    /// <summary>Drains, judges, and fails on anything missed, wrong or not judged.</summary>
    /// <param name="flags">Of <c>tester verify</c>.</param>
    public async Task<TrialVerdict> AssertGoodAsync(params string[] flags)
    {
        await DrainAsync();
        TrialVerdict verdict = await VerifyAsync(flags);
        if (_kills > 0)
            Figures.Add("kills of the whole service under load", _kills, verdict.Missed);
        if (_stops > 0)
            Figures.Add("immediate stops of PostgreSQL under load", _stops, verdict.Missed);
        Assert.True(verdict.Good, $"{verdict}\nOutages:\n{await File.ReadAllTextAsync(_outages.Path)}\nThe service said:\n{Service.Lines}");
        return verdict;
    }

    public async ValueTask DisposeAsync()
    {
        try
        {
            foreach (ChildProcess sender in _senders)
                await sender.DisposeAsync();
            foreach (ServiceProcess service in Services)
                await service.DisposeAsync();
            await Upstream.DisposeAsync();
            foreach (HeldSocket socket in _sockets)
                socket.Dispose();
            if (Proxy is not null)
                await Proxy.DisposeAsync();
            _standstills.Dispose();
            // Also of a trial that failed before it was judged: perhaps that is why.
            _output.WriteLine($"{_standstills}");
            await _cluster.DisposeAsync();
            Directory.Delete(_folder, recursive: true);
        }
        finally
        {
            _turn?.Dispose();
        }
    }

    ServiceProcess MakeService(int index)
    {
        int port = FreePort.Take();
        var store = new NpgsqlConnectionStringBuilder(Postgres.ConnectionString("callback"));
        store.Port = Proxy?.Port ?? store.Port;
        HeldSocket? socket = null;
        if (_options.IsSocketHeld)
            _sockets.Add(socket = HeldSocket.Listen(port));
        return new ServiceProcess(port, socket,
        [
            $"--Journal:Directory={Path.Combine(_folder, $"journal-{index}")}",
            $"--Lookup:BaseUrl={Upstream.Url}",
            $"--Lookup:InFlightMax={_options.InFlightMax}",
            $"--Store:ConnectionString={store.ConnectionString}",
            $"--Sweep:Retention={_options.Retention}",
            .. _options.Service,
        ])
        { Within = _options.Within };
    }

    Task<bool> IsMigratedAsync() => ReadAsync<bool>("select to_regclass('objects') is not null");

    /// <summary>At a lower priority: another trial may have its turn.</summary>
    static async Task<string> RunToolAsync(string[] arguments, params int[] expected)
    {
        using var deadline = new CancellationTokenSource(ToolDeadline);
        (int exitCode, string text) = await ChildProcess.RunAsync(Programs.Within(["nice", "-n", "10"], Programs.Tester(arguments)), deadline.Token);
        Assert.True(expected.Contains(exitCode), $"callback-tester {arguments[0]} ended with {exitCode}: {text}");
        return text;
    }
}

using System.Globalization;
using Callbacks.Bench.Framework;
using Callbacks.Bench.Load;
using Callbacks.Bench.Parts;

namespace Callbacks.Bench.Benches;

/// <summary>A table in which as many rows run out as come in: whether each goes when its time is up, and none before.</summary>
sealed class ExpiryBench : Measurement
{
    const string Service = "service";
    const double LateMsMax = 250;
    const int IdsPerSecond = 10_000, IdsPerCallback = 100, RetentionSeconds = 100;

    // The rows that run out while the service starts, and is cold, are nobody's measure.
    const int WarmupSeconds = 5;

    static readonly TimeSpan SweepPatience = TimeSpan.FromMinutes(1);

    Postgres? _postgres;
    UpstreamPart? _upstream;

    public override string Name => "expiry";

    public override string What => "a million live rows, retention 100 s, 10,000 a second running out while as many come in: none early, p99 at most 250 ms late.";

    public override IReadOnlyList<string> Sides => [Service];

    public override async Task PrepareAsync(BenchContext context)
    {
        _postgres = await Postgres.StartAsync(context.Stop);
        // What the upstream takes is not what is measured, and 10,000 ids a second in flight for seconds are more than a process may hold.
        _upstream = await UpstreamPart.StartBareAsync(context);
    }

    public override async Task<SideResult> MeasureAsync(string side, BenchContext context)
    {
        int idsPerSecond = context.Size(IdsPerSecond, 1_000), warmup = context.Size(WarmupSeconds, 1);
        long rows = (long)idsPerSecond * RetentionSeconds;
        TimeSpan duration = TimeSpan.FromSeconds(context.Seconds(60) + warmup);
        string database = await _postgres!.CreateDatabaseAsync();
        await Schema.ApplyAsync(database, context.Stop);
        await Schema.FillAsync(database, rows, $"clock_timestamp() - make_interval(secs => {RetentionSeconds} - i / {idsPerSecond}.0)");
        await Schema.SettleAsync(database);
        await Postgres.ExecuteAsync(database, Audit.Install);
        await using Rig rig = await Rig.StartAsync(context, database, _upstream!.Url, $"--Sweep:Retention={TimeSpan.FromSeconds(RetentionSeconds)}");
        await using Sampler sampler = rig.Watch(context).WatchRate("rows swept", "/s", async () => (await rig.Service.StatusAsync()).Sweep.RowsSwept).Start();
        // What ran out while it started is no part of it.
        await UntilSweptAsync(rig, context);
        var load = new OpenLoop(rig.Service.Url, idsPerSecond / IdsPerCallback, 16, number => CallbackRequest.Distinct(number, IdsPerCallback, firstId: 2 * rows));
        Task loading = load.RunAsync(duration, context.Stop);
        await BenchContext.WaitAsync(TimeSpan.FromSeconds(warmup), context.Stop);
        double cpu = rig.Service.CpuSeconds, servers = _postgres.CpuSeconds;
        DateTimeOffset from = BenchContext.Time.GetUtcNow();
        await loading;
        DateTimeOffset to = BenchContext.Time.GetUtcNow();
        double seconds = (to - from).TotalSeconds;
        (cpu, servers) = (rig.Service.CpuSeconds - cpu, _postgres.CpuSeconds - servers);
        // The last ones' deletions; beside a smoke run is more going on.
        int lastSeconds = context.Size(1, 5);
        await BenchContext.WaitAsync(TimeSpan.FromSeconds(lastSeconds), context.Stop);
        List<double> late = await Audit.ReadAsync(database, LatenessSql(from, to));

        var latencies = new Latencies();
        foreach (double milliseconds in late)
            latencies.Add(TimeSpan.FromMilliseconds(milliseconds));
        long still = await Postgres.ReadAsync<long>(database, $"select count(*) from objects where last_seen + interval '{RetentionSeconds} s' < {Postgres.Literal(to)}");
        var result = new SideResult(Service, "rows") { Seconds = seconds, Units = late.Count, Latency = latencies.Summarize(), Series = await sampler.StopAsync() };
        result.Figures["early_rows"] = late.Count(milliseconds => milliseconds < 0);
        result.Figures["cpu_us_per_id"] = cpu / late.Count * 1e6;
        result.Figures["postgresql_cpu_us_per_id"] = servers / late.Count * 1e6;
        result.Figures["rows_stored"] = (await rig.Service.StatusAsync()).Postgresql.RowsStored;
        result.Require(context.IsSmoke || result.Figures["rows_stored"] > 0, "nothing came in meanwhile");
        result.Require(result.Figures["early_rows"] == 0, $"{result.Figures["early_rows"]} rows went early");
        result.Require(late.Count > 0, "no row ran out");
        result.Require(still == 0 || late.Count == 0, $"{still} rows that ran out are still there {lastSeconds} s later");
        load.RequireAnswers(result, context);
        return result;

        // Rows whose time was up within the measured part.
        static string LatenessSql(DateTimeOffset from, DateTimeOffset to) =>
            $"""
            select (extract(epoch from at - last_seen - interval '{RetentionSeconds} s') * 1000)::float8 from bench_gone
            where last_seen + interval '{RetentionSeconds} s' between {Postgres.Literal(from)} and {Postgres.Literal(to)}
            """;
    }

    static async Task UntilSweptAsync(Rig rig, BenchContext context)
    {
        long start = BenchContext.Time.GetTimestamp();
        while ((await rig.Service.StatusAsync()).Sweep.RowsSwept == 0)
        {
            if (BenchContext.Time.GetElapsedTime(start) > SweepPatience)
                throw new BenchException("Nothing is swept.");
            await BenchContext.WaitAsync(TimeSpan.FromMilliseconds(20), context.Stop);
        }
    }

    public override Verdict Judge(BenchRuns runs, BenchContext context)
    {
        double early = runs.Worst(Service, result => result.Figures["early_rows"]);
        double p99 = runs.Median(Service, result => result.Latency?.P99Ms ?? double.NaN);
        double swept = runs.Median(Service, result => result.Rate);
        return new Verdict(
            string.Create(CultureInfo.InvariantCulture, $"{early:N0} early, late by {p99:F0} ms at p99 and {runs.Worst(Service, result => result.Latency?.MaxMs ?? double.NaN):F0} ms at most, {swept:N0} rows/s"),
            early == 0 && p99 <= LateMsMax);
    }

    public override async ValueTask CleanUpAsync()
    {
        await (_upstream?.DisposeAsync() ?? default);
        await (_postgres?.DisposeAsync() ?? default);
    }
}

using System.Globalization;
using Callbacks.Bench.Framework;
using Callbacks.Bench.Load;
using Callbacks.Bench.Parts;

namespace Callbacks.Bench.Benches;

/// <summary>
/// More ids than can be asked for: whether the lookups that are made are of use, that is whether their rows then live for most of the
/// retention, and whether callbacks are answered as if nothing were.
/// </summary>
sealed class OverloadBench : Measurement
{
    const string Capacity = "capacity", Threefold = "threefold", Flood = "100,000 ids/s";
    const double RatioMin = 0.85;
    const int IdsPerCallback = 100, RetentionSeconds = 30, WarmupSeconds = 5;

    // "As before": a p99 that grows by more is not.
    const double LaterMsMax = 50;

    /// <summary>The service's default number of lookups in flight, at the upstream's usual latencies.</summary>
    const double LookupsPerSecond = 2_000 / UpstreamPart.MeanLatencySeconds;

    Postgres? _postgres;
    UpstreamPart? _upstream;

    public override string Name => "overload";

    public override string What =>
        "three times the ids that can be looked up, and 100,000 ids/s, all distinct: lookups per second whose row then lives for two thirds of the retention : lookups per second at capacity; at least 0.85, callbacks answered as before.";

    public override IReadOnlyList<string> Sides => [Capacity, Threefold, Flood];

    public override IReadOnlyList<string> SmokeSides => [Capacity, Flood];

    public override int Runs => 1;

    public override async Task PrepareAsync(BenchContext context)
    {
        _postgres = await Postgres.StartAsync(context.Stop);
        _upstream = await UpstreamPart.StartTesterAsync(context);
    }

    public override async Task<SideResult> MeasureAsync(string side, BenchContext context)
    {
        double idsPerSecond = side switch { Capacity => LookupsPerSecond * 1.1, Threefold => LookupsPerSecond * 3, _ => context.Size(100_000, 10_000) };
        int full = side == Capacity ? 60 : 120, warmup = context.Size(WarmupSeconds, 1);
        TimeSpan measured = TimeSpan.FromSeconds(context.Seconds(full));
        string database = await _postgres!.CreateDatabaseAsync();
        await Schema.ApplyAsync(database, context.Stop);
        await Postgres.ExecuteAsync(database, Audit.Install);
        await using Rig rig = await Rig.StartAsync(context, database, _upstream!.Url);
        await using Sampler sampler = rig.Watch(context).Start();
        var load = new OpenLoop(rig.Service.Url, idsPerSecond / IdsPerCallback, 64, number => CallbackRequest.Distinct(number, IdsPerCallback))
        {
            Warmup = TimeSpan.FromSeconds(warmup),
        };
        Task loading = load.RunAsync(measured + TimeSpan.FromSeconds(warmup), context.Stop);
        await BenchContext.WaitAsync(TimeSpan.FromSeconds(warmup), context.Stop);
        ServiceStatus before = await rig.Service.StatusAsync();
        DateTimeOffset from = BenchContext.Time.GetUtcNow();
        double cpu = rig.Service.CpuSeconds;
        await loading;
        ServiceStatus after = await rig.Service.StatusAsync();
        DateTimeOffset to = BenchContext.Time.GetUtcNow();
        double seconds = (to - from).TotalSeconds;
        cpu = rig.Service.CpuSeconds - cpu;
        // A row lives from when it came until its last_seen plus the retention.
        long good = await Postgres.ReadAsync<long>(
            database,
            $"select count(*) from bench_came where at between {Postgres.Literal(from)} and {Postgres.Literal(to)} and last_seen + interval '{RetentionSeconds} s' - at >= interval '{RetentionSeconds * 2 / 3} s'");

        var result = new SideResult(side, "lasting lookups") { Seconds = seconds, Units = good, Series = await sampler.StopAsync(), Latency = load.Latencies.Summarize() };
        long answers = after.Lookup.Answers - before.Lookup.Answers;
        result.Figures["lookups_per_s"] = answers / seconds;
        result.Figures["cpu_us_per_id"] = cpu / (idsPerSecond * seconds) * 1e6;
        result.Figures["memory_mib"] = rig.Service.Mebibytes;
        load.RequireAnswers(result, context);
        // A second or two beside everything else may be too short for the first, and for its row.
        result.Require(answers > 0 || (context.IsSmoke && await rig.Service.UntilAnsweredAsync(context.Stop)), "there were no answers");
        result.Require(context.IsSmoke || after.Postgresql.RowsStored > 0, "nothing was stored");
        result.Require(after.Balance.IsBalanced, "the service's balance does not hold");
        return result;
    }

    public override Verdict Judge(BenchRuns runs, BenchContext context)
    {
        // Lookups at capacity are all of them, whatever becomes of their rows.
        Ratio threefold = Compare(Threefold), flood = Compare(Flood);
        double later = Math.Max(P99(Threefold), P99(Flood)) - P99(Capacity);
        double capacity = runs.Median(Capacity, result => result.Figures["lookups_per_s"]);
        return new Verdict(
            string.Create(CultureInfo.InvariantCulture, $"threefold {threefold}, 100,000 ids/s {flood}, answers' p99 {later:+0.0;-0.0} ms"),
            threefold.Median >= RatioMin && flood.Median >= RatioMin && later <= LaterMsMax,
            threefold, Ceiling.Check("capacity", capacity, LookupsPerSecond));

        Ratio Compare(string side) => Ratio.Of(runs.Of(side).Zip(runs.Of(Capacity), (over, at) => over.Rate / at.Figures["lookups_per_s"]));
        double P99(string side) => runs.Median(side, result => result.Latency!.P99Ms);
    }

    public override async ValueTask CleanUpAsync()
    {
        await (_upstream?.DisposeAsync() ?? default);
        await (_postgres?.DisposeAsync() ?? default);
    }
}

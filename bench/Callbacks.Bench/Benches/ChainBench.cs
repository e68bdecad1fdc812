using System.Globalization;
using Callbacks.Bench.Framework;
using Callbacks.Bench.Load;
using Callbacks.Bench.Parts;
using Callbacks.Tester.Records;
using Npgsql;

namespace Callbacks.Bench.Benches;

/// <summary>What the service itself adds to the way of an id, from its receipt to the row that everybody sees.</summary>
sealed class ChainBench : Measurement
{
    const string Service = "service";
    const double P50MsMax = 15, P99MsMax = 100;
    const int IdsPerSecond = 5_000, IdsPerCallback = 100;

    // As in accept: a cold service, beside a cold upstream and a cold generator, is what start measures.
    const int WarmupSeconds = 20;

    Postgres? _postgres;

    public override string Name => "chain";

    public override string What => "5,000 distinct ids/s through everything: from receiving to a visible row, minus the upstream's own latency; p50 at most 15 ms, p99 at most 100 ms.";

    public override IReadOnlyList<string> Sides => [Service];

    public override async Task PrepareAsync(BenchContext context) => _postgres = await Postgres.StartAsync(context.Stop);

    public override async Task<SideResult> MeasureAsync(string side, BenchContext context)
    {
        string log = Path.Combine(context.Folder, $"lookups-{Guid.NewGuid():N}");
        int idsPerSecond = context.Size(IdsPerSecond, 1_000), warmup = context.Size(WarmupSeconds, 1);
        TimeSpan duration = TimeSpan.FromSeconds(warmup + context.Seconds(60));
        await using UpstreamPart upstream = await UpstreamPart.StartBareAsync(context, "300", context.IsSmoke ? "600" : "4299", log);
        // No row goes before it is read.
        await using Rig rig = await Rig.StartAsync(
            context, _postgres!, upstream.Url, $"--Sweep:Retention={duration + TimeSpan.FromSeconds(60)}", "--Lookup:InFlightMax=15000");
        var commits = new Commits(rig.Database);
        using var end = new CancellationTokenSource();
        Task watching = commits.WatchAsync(end.Token);
        using DiskProbe disk = DiskProbe.Start(context.Folder, TimeSpan.FromSeconds(warmup));
        await using Sampler sampler = rig.Watch(context).Watch("longest flush", "ms", disk.TakeWorst).Start();
        double cpu = rig.Service.CpuSeconds;
        var load = new OpenLoop(rig.Service.Url, idsPerSecond / IdsPerCallback, 16, number => CallbackRequest.Distinct(number, IdsPerCallback))
        {
            Warmup = TimeSpan.FromSeconds(warmup),
        };
        long start = BenchContext.Time.GetTimestamp();
        await load.RunAsync(duration, context.Stop);
        await rig.Service.UntilStoredAsync(load.Accepted * IdsPerCallback, context.Stop);
        // Whoever looks at commits gets to see the last one, too.
        await BenchContext.WaitAsync(TimeSpan.FromMilliseconds(100), context.Stop);
        double seconds = BenchContext.Time.GetElapsedTime(start).TotalSeconds;
        cpu = rig.Service.CpuSeconds - cpu;
        await end.CancelAsync();
        await watching;
        LatencySummary? flushes = disk.Stop();
        List<Series> series = await sampler.StopAsync();
        await upstream.StopAsync();

        var result = new SideResult(Service, "ids") { Seconds = seconds, Series = series };
        await JudgeRowsAsync(rig.Database, log, commits, CallbackRequest.FirstId((long)warmup * idsPerSecond / IdsPerCallback, IdsPerCallback), result);
        result.Figures["cpu_us_per_id"] = cpu / (load.Sent * IdsPerCallback) * 1e6;
        result.Figures["answer_p99_ms"] = load.Latencies.Summarize()!.P99Ms;
        result.Require(flushes is not null && disk.Failure is null, $"the disk was not measured: {disk.Failure?.Message}");
        if (flushes is not null)
            (result.Figures["disk_flush_p99_ms"], result.Figures["disk_flush_max_ms"]) = (flushes.P99Ms, flushes.MaxMs);
        load.RequireAnswers(result, context);
        result.Require((long)result.Units == load.Accepted * IdsPerCallback, $"{load.Accepted * IdsPerCallback} ids were accepted, {result.Units:N0} rows are there");
        return result;
    }

    public override Verdict Judge(BenchRuns runs, BenchContext context)
    {
        double p50 = runs.Median(Service, result => result.Latency?.P50Ms ?? double.NaN), p99 = runs.Median(Service, result => result.Latency?.P99Ms ?? double.NaN);
        double flush = runs.Worst(Service, result => result.Figures.GetValueOrDefault("disk_flush_max_ms", double.NaN));
        return new Verdict(string.Create(CultureInfo.InvariantCulture, $"p50 {p50:F1} ms, p99 {p99:F1} ms; the disk's longest flush {flush:F0} ms"), p50 <= P50MsMax && p99 <= P99MsMax);
    }

    public override ValueTask CleanUpAsync() => _postgres?.DisposeAsync() ?? default;

    /// <summary>
    /// Ids before <paramref name="firstId"/> were the warm-up's: their rows have to be there, and that is all. What is added has two parts: until the upstream had read the
    /// question ("asked"), and from its answer on ("stored"). The latter is seen by looking, and too late by up to what is between two looks.
    /// </summary>
    static async Task JudgeRowsAsync(string database, string log, Commits commits, long firstId, SideResult result)
    {
        Dictionary<long, LookupRecord> lookups = [];
        foreach (LookupRecord lookup in LookupLog.Read(log).Where(lookup => lookup.IsGood))
            lookups[lookup.Id] = lookup;

        Latencies added = new(), asked = new(), stored = new();
        long rows = 0, unknown = 0;
        await using NpgsqlDataSource source = NpgsqlDataSource.Create(new NpgsqlConnectionStringBuilder(database) { Pooling = false });
        await using NpgsqlCommand read = source.CreateCommand("select id, last_seen, xmin::text::bigint from objects");
        await using NpgsqlDataReader reader = await read.ExecuteReaderAsync();
        while (await reader.ReadAsync())
        {
            rows++;
            long seen = Moment.From(new DateTimeOffset(reader.GetDateTime(1)));
            long id = reader.GetInt64(0);
            if (id < firstId)
                continue;
            if (commits.VisibleAt(reader.GetInt64(2)) is not { } visible || !lookups.TryGetValue(id, out LookupRecord lookup))
            {
                unknown++;
                continue;
            }

            asked.Add(TimeSpan.FromMicroseconds(lookup.Start - seen));
            stored.Add(TimeSpan.FromMicroseconds(visible - lookup.End));
            added.Add(TimeSpan.FromMicroseconds(visible - seen - (lookup.End - lookup.Start)));
        }

        result.Units = rows;
        result.Latency = added.Summarize();
        Add("asked", asked);
        Add("stored", stored);
        Add("looks", commits.Gaps);
        result.Require(unknown == 0, $"of {unknown} rows it is not known when they became visible, or what their lookup took");

        void Add(string part, Latencies latencies)
        {
            if (latencies.Summarize() is not { } summary)
                return;
            result.Figures[$"{part}_p50_ms"] = summary.P50Ms;
            result.Figures[$"{part}_p99_ms"] = summary.P99Ms;
        }
    }
}

using System.Globalization;
using Callbacks.Bench.Framework;
using Callbacks.Bench.Load;
using Callbacks.Bench.Parts;

namespace Callbacks.Bench.Benches;

/// <summary>Whether an id costs the same in a large table as in a small one, and whether a backlog waits on disk instead of in memory.</summary>
sealed class GrowthBench : Measurement
{
    const string Backlog = "backlog";
    const double CostMax = 1.5, MemoryMax = 1.1;
    const int IdsPerSecond = 5_000, IdsPerCallback = 100;
    const int WindowIds = 1_000_000;
    const long BacklogSightings = 10_000_000;
    const int BacklogIdsPerSecond = 150_000;

    /// <summary>
    /// Bytes, hexadecimal. With the service's own 48 MiB the first collection comes when all is over, and until then the garbage of a callback, some 500 bytes, looks like a backlog
    /// that waits in memory.
    /// </summary>
    const string YoungGenerationMax = "100000";

    static readonly long[] Sizes = [10_000, 100_000, 1_000_000, 10_000_000];
    static readonly TimeSpan BacklogPatience = TimeSpan.FromMinutes(5);

    Postgres? _postgres;
    UpstreamPart? _upstream;

    public override string Name => "growth";

    public override string What =>
        "CPU of an id, service and PostgreSQL, at 10,000 to 10 million rows: at most 1.5 times; memory from a full window to 10 million sightings: flat within 10%.";

    public override IReadOnlyList<string> Sides => [.. Sizes.Select(NameOf), Backlog];

    public override IReadOnlyList<string> SmokeSides => [NameOf(Sizes[^1]), Backlog];

    public override int Runs => 1;

    public override async Task PrepareAsync(BenchContext context)
    {
        _postgres = await Postgres.StartAsync(context.Stop);
        _upstream = await UpstreamPart.StartBareAsync(context);
    }

    public override Task<SideResult> MeasureAsync(string side, BenchContext context) =>
        side == Backlog ? MeasureBacklogAsync(context) : MeasureCostAsync(side, Sizes.First(size => NameOf(size) == side), context);

    public override Verdict Judge(BenchRuns runs, BenchContext context)
    {
        // The cheapest of the smaller ones: the first side is the coldest, which would flatter the others.
        double small = Sizes[..^1].Min(size => runs.Median(NameOf(size), Cost)), large = runs.Median(NameOf(Sizes[^1]), Cost);
        double memory = runs.Median(Backlog, result => result.Figures.GetValueOrDefault("memory_ratio", double.NaN));
        return new Verdict(
            string.Create(CultureInfo.InvariantCulture, $"an id costs {large:F0} us at {Sizes[^1]:N0} rows, {large / small:F2} times the least, memory {memory:F2} times"),
            large / small <= CostMax && memory <= MemoryMax);

        static double Cost(SideResult result) => result.Figures["cpu_us_per_id"] + result.Figures["postgresql_cpu_us_per_id"];
    }

    public override async ValueTask CleanUpAsync()
    {
        await (_upstream?.DisposeAsync() ?? default);
        await (_postgres?.DisposeAsync() ?? default);
    }

    static string NameOf(long size) => $"{size:N0} rows";

    async Task<SideResult> MeasureCostAsync(string side, long size, BenchContext context)
    {
        long rows = context.IsSmoke ? size / 100 : size;
        string database = await _postgres!.CreateDatabaseAsync();
        await Schema.ApplyAsync(database, context.Stop);
        await Schema.FillAsync(database, rows, "now() - i * interval '1 us'");
        await Schema.SettleAsync(database);
        await using Rig rig = await Rig.StartAsync(context, database, _upstream!.Url, "--Sweep:Retention=01:00:00");
        await using Sampler sampler = rig.Watch(context).Start();
        // Ids from anywhere in the table: what is far apart on disk, too.
        var random = new Random(1);
        byte[][] requests = [.. Enumerable.Range(0, 4096).Select(_ => CallbackRequest.Of(Enumerable.Range(0, IdsPerCallback).Select(_ => 2 * random.NextInt64(rows))))];
        double rate = context.Size(IdsPerSecond, 1_000) / (double)IdsPerCallback;
        OpenLoop warmup = await LoadAsync(TimeSpan.FromSeconds(context.Size(5, 0)), first: 0);
        double own = rig.Service.CpuSeconds, servers = _postgres.CpuSeconds;
        // Pages that the warm-up has not just touched.
        OpenLoop load = await LoadAsync(TimeSpan.FromSeconds(context.Seconds(15)), first: (int)warmup.Sent);
        double ids = load.Sent * IdsPerCallback;
        var result = new SideResult(side, "ids") { Seconds = load.Sent / rate, Units = ids, Latency = load.Latencies.Summarize(), Series = await sampler.StopAsync() };
        result.Figures["cpu_us_per_id"] = (rig.Service.CpuSeconds - own) / ids * 1e6;
        result.Figures["postgresql_cpu_us_per_id"] = (_postgres.CpuSeconds - servers) / ids * 1e6;
        long there = await Postgres.ReadAsync<long>(database, "select count(*) from objects");
        result.Require(there == rows, $"there were {rows} rows, now there are {there}");
        load.RequireAnswers(result, context);
        // On a crowded machine the first batch may be under way yet.
        result.Require(await rig.Service.UntilStoredAsync(1, context.Stop), "nothing was stored");
        return result;

        async Task<OpenLoop> LoadAsync(TimeSpan duration, int first)
        {
            var loop = new OpenLoop(rig.Service.Url, rate, 16, number => requests[(first + number) % requests.Length]);
            await loop.RunAsync(duration, context.Stop);
            return loop;
        }
    }

    /// <summary>The upstream is nowhere, so that all of it stays pending.</summary>
    async Task<SideResult> MeasureBacklogAsync(BenchContext context)
    {
        int window = context.Size(WindowIds, 10_000);
        long wanted = context.IsSmoke ? 100_000 : BacklogSightings;
        context.Variables["DOTNET_GCGen0MaxBudget"] = YoungGenerationMax;
        await using Rig rig = await Rig.StartAsync(
            context, _postgres!, new Uri("http://127.0.0.1:9/"), "--Sweep:Retention=01:00:00", $"--Journal:WindowIdsMax={window}");
        await using Sampler sampler = rig.Watch(context).Start();
        double idsPerSecond = context.Size(BacklogIdsPerSecond, 50_000);
        var load = new OpenLoop(rig.Service.Url, idsPerSecond / IdsPerCallback, 64, number => CallbackRequest.Distinct(number, IdsPerCallback));
        TimeSpan duration = TimeSpan.FromSeconds(wanted / idsPerSecond);
        if (duration > BacklogPatience)
            throw new BenchException("The backlog would take too long.");
        await load.RunAsync(duration, context.Stop);
        ServiceStatus status = await rig.Service.StatusAsync();
        List<Series> series = await sampler.StopAsync();
        var result = new SideResult(Backlog, "sightings") { Seconds = duration.TotalSeconds, Units = status.Balance.Pending, Latency = load.Latencies.Summarize(), Series = series };
        // Some more than the window, for reading is a little behind receiving.
        double[] memory = [.. MemoryBeyond(series, pending: window * 1.2)];
        if (memory.Length > 0)
        {
            result.Figures["memory_mib"] = memory[^1];
            result.Figures["memory_ratio"] = memory.Max() / memory[0];
        }

        load.RequireAnswers(result, context);
        result.Require(status.Balance.Pending >= wanted * 0.99, $"{status.Balance.Pending} sightings are pending, {wanted} should be");
        return result;
    }

    static IEnumerable<double> MemoryBeyond(List<Series> series, double pending)
    {
        Series memory = series.First(one => one.Name == "memory"), backlog = series.First(one => one.Name == "pending");
        double from = backlog.Seconds.Zip(backlog.Values).Where(point => point.Second >= pending).Select(point => point.First).DefaultIfEmpty(double.MaxValue).First();
        return memory.Seconds.Zip(memory.Values).Where(point => point.First >= from).Select(point => point.Second);
    }
}

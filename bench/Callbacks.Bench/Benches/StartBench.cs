using System.Globalization;
using Callbacks.Bench.Framework;
using Callbacks.Bench.Load;
using Callbacks.Bench.Parts;
using Callbacks.Journal;
using Callbacks.Journal.Disk;
using Callbacks.Journal.Pending;
using Callbacks.Time;
using Microsoft.Extensions.Logging.Abstractions;

namespace Callbacks.Bench.Benches;

/// <summary>How long a sender finds nobody when the service is started anew: with nothing in the journal, and with a great deal of it.</summary>
sealed class StartBench : Measurement
{
    const string Empty = "empty", Full = "pending";
    const double EmptySecondsMax = 0.5, FullSecondsMax = 1;
    const long PendingBytes = 1L << 30;
    const int IdsPerCallback = 100, StartsPerSide = 5;

    // What is pending must still be so at the last start.
    const string Retention = "--Sweep:Retention=01:00:00";

    static readonly TimeSpan Recovery = TimeSpan.FromMinutes(2);
    static readonly TimeSpan AskEvery = TimeSpan.FromMilliseconds(1);

    Postgres? _postgres;
    string _database = "";
    string _pending = "";
    long _sightings;

    public override string Name => "start";

    public override string What => "process start to the first 202: with an empty journal at most 0.5 s, with 1 GiB of pending callbacks at most 1 s, the rest read while callbacks come in.";

    public override IReadOnlyList<string> Sides => [Empty, Full];

    public override async Task PrepareAsync(BenchContext context)
    {
        _postgres = await Postgres.StartAsync(context.Stop);
        _database = await _postgres.CreateDatabaseAsync();
        await Schema.ApplyAsync(_database, context.Stop);
        _pending = Path.Combine(context.Folder, "pending");
        context.Say("Writing the journal to start from ...");
        _sightings = await WritePendingAsync(context.IsSmoke ? PendingBytes / 32 : PendingBytes);
    }

    public override async Task<SideResult> MeasureAsync(string side, BenchContext context)
    {
        var result = new SideResult(side, "starts");
        var starts = new Latencies();
        long start = BenchContext.Time.GetTimestamp();
        int count = context.Size(StartsPerSide, 1);
        for (int i = 1; i <= count; i++)
        {
            string journal = side == Empty ? Path.Combine(context.Folder, $"empty-{Guid.NewGuid():N}") : _pending;
            // Reading all of it takes half a minute, and is the same whatever came before.
            await StartAsync(journal, readsAll: side == Full && i == count, starts, result, context);
            context.Say($"accepts after {starts.Summarize()!.MaxMs:F0} ms at most so far");
        }

        result.Seconds = BenchContext.Time.GetElapsedTime(start).TotalSeconds;
        result.Latency = starts.Summarize();
        return result;
    }

    public override Verdict Judge(BenchRuns runs, BenchContext context)
    {
        double empty = runs.Median(Empty, result => result.Latency!.P50Ms / 1000), full = runs.Median(Full, result => result.Latency!.P50Ms / 1000);
        return new Verdict(
            string.Create(CultureInfo.InvariantCulture, $"empty {empty:F2} s (at most {runs.Worst(Empty, result => result.Latency!.MaxMs / 1000):F2}), pending {full:F2} s (at most {runs.Worst(Full, result => result.Latency!.MaxMs / 1000):F2})"),
            empty <= EmptySecondsMax && full <= FullSecondsMax);
    }

    public override ValueTask CleanUpAsync() => _postgres?.DisposeAsync() ?? default;

    async Task StartAsync(string journal, bool readsAll, Latencies starts, SideResult result, BenchContext context)
    {
        long start = BenchContext.Time.GetTimestamp();
        // The upstream is nowhere: what is pending stays so.
        await using ServicePart service = ServicePart.Spawn(context, journal, _database, new Uri("http://127.0.0.1:9/"), Retention);
        using var connection = new HttpConnection(service.Url);
        while (await connection.SendAsync(CallbackRequest.Of([1]), context.Stop) != 202)
        {
            if (BenchContext.Time.GetElapsedTime(start) > Recovery)
                throw new BenchException("The service was started and accepts nothing.");
            await BenchContext.WaitAsync(AskEvery, context.Stop);
        }

        starts.Add(BenchContext.Time.GetElapsedTime(start));
        if (readsAll)
        {
            // As callbacks come in meanwhile.
            var load = new OpenLoop(service.Url, callbacksPerSecond: 100, connections: 16, _ => CallbackRequest.Of([1, 2, 3, 4, 5, 6]));
            Task loading = load.RunAsync(TimeSpan.FromSeconds(context.Size(5, 1)), context.Stop);
            ServiceStatus status = await UntilReadAsync(service, start, context);
            result.Figures["read_s"] = BenchContext.Time.GetElapsedTime(start).TotalSeconds;
            await loading;
            result.Figures["meanwhile_p99_ms"] = load.Latencies.Summarize()!.P99Ms;
            result.Figures["memory_mib"] = service.Mebibytes;
            load.RequireAnswers(result, context);
            result.Require(status.Balance.PendingAtStart >= _sightings, $"{_sightings} sightings were pending, the service found {status.Balance.PendingAtStart}");
        }

        await service.KillAsync();
        if (journal != _pending)
            Directory.Delete(journal, recursive: true);
    }

    static async Task<ServiceStatus> UntilReadAsync(ServicePart service, long start, BenchContext context)
    {
        while (true)
        {
            try
            {
                if (await service.StatusAsync() is { State: not "recovering" } status)
                    return status;
            }
            catch (TaskCanceledException) when (!context.Stop.IsCancellationRequested)
            {
                // On a crowded machine it has no time for views.
            }

            if (BenchContext.Time.GetElapsedTime(start) > Recovery)
                throw new BenchException("The journal is not read.");
            await BenchContext.WaitAsync(TimeSpan.FromMilliseconds(20), context.Stop);
        }
    }

    /// <summary>By the journal itself. Returns the sightings in it.</summary>
    async Task<long> WritePendingAsync(long bytes)
    {
        const int AtOnce = 1_000;
        var time = new ServiceTime(BenchContext.Time);
        var balance = new Balance();
        TimeSpan retention = TimeSpan.FromHours(1);
        using var journal = new CallbackJournal(
            new JournalOptions(), () => new LinuxDisk(_pending), new PendingTable(retention, 100_000, keepAll: false, new Random(1)), balance, time,
            BenchContext.Time, retention, NullLoggerFactory.Instance, () => 1);
        journal.Open();
        var appends = new List<Task<Receipt>>(AtOnce);
        long[] ids = new long[IdsPerCallback];
        for (long id = 0; journal.Status().Bytes < bytes;)
        {
            appends.Clear();
            for (int callback = 0; callback < AtOnce; callback++)
            {
                for (int i = 0; i < IdsPerCallback; i++)
                    ids[i] = id += 2;
                appends.Add(journal.AppendAsync(ids).AsTask());
            }

            if ((await Task.WhenAll(appends)).Any(receipt => !receipt.IsDurable))
                throw new BenchException("The journal to start from could not be written.");
        }

        return balance.Snapshot().Pending;
    }
}

using Callbacks.Bench.Bare;
using Callbacks.Bench.Framework;
using Callbacks.Journal;
using Callbacks.Journal.Disk;
using Callbacks.Journal.Pending;
using Callbacks.Time;
using Microsoft.Extensions.Logging.Abstractions;

namespace Callbacks.Bench.Benches;

/// <summary>Appends of 100 ids at the seam between Intake and Journal, by as many callers as the server has connections in <c>accept</c>.</summary>
sealed class JournalBench : Measurement
{
    const string Log = "log", Sqlite = "sqlite";
    const double RatioMin = 3;

    /// <summary>What SQLite carried behind the whole server; at the seam alone it does at least that.</summary>
    const double SqliteCeiling = 31_000;

    const int Callers = 256, IdsPerCallback = 100;

    // Nobody looks up what is appended here: it expires, and its segments go, while the side runs.
    static readonly TimeSpan Retention = TimeSpan.FromSeconds(3);

    public override string Name => "journal";

    public override string What => "durable appends per second at the seam: the journal : SQLite (WAL, synchronous=FULL, group commit); at least 3.";

    public override IReadOnlyList<string> Sides => [Log, Sqlite];

    public override async Task<SideResult> MeasureAsync(string side, BenchContext context)
    {
        string folder = Directory.CreateDirectory(Path.Combine(context.Folder, side)).FullName;
        try
        {
            return side == Log ? await MeasureLogAsync(folder, context) : await MeasureSqliteAsync(folder, context);
        }
        finally
        {
            Directory.Delete(folder, recursive: true);
        }
    }

    public override Verdict Judge(BenchRuns runs, BenchContext context)
    {
        Ratio ratio = runs.Compare(Log, Sqlite, result => result.Rate);
        return new Verdict($"{ratio}", ratio.Median >= RatioMin, ratio, Ceiling.Check("SQLite", runs.Median(Sqlite, result => result.Rate), SqliteCeiling));
    }

    static async Task<SideResult> MeasureLogAsync(string folder, BenchContext context)
    {
        var time = new ServiceTime(BenchContext.Time);
        var table = new PendingTable(Retention, idsMax: 100_000, keepAll: false, new Random(1));
        var balance = new Balance();
        using var journal = new CallbackJournal(
            new JournalOptions { Directory = folder }, () => new LinuxDisk(folder), table, balance, time, BenchContext.Time, Retention, NullLoggerFactory.Instance,
            () => 1);
        journal.Open();
        (SideResult result, long appended) = await AppendAsync(Log, journal, context);
        BalanceSnapshot books = balance.Snapshot();
        result.Require(books.AcknowledgedCallbacks == appended && books.IsBalanced, $"{appended} appends were acknowledged, the books have {books.AcknowledgedCallbacks}");
        return result;
    }

    static async Task<SideResult> MeasureSqliteAsync(string folder, BenchContext context)
    {
        using var log = new SqliteLog(Path.Combine(folder, "log.db"), new ServiceTime(BenchContext.Time));
        (SideResult result, long appended) = await AppendAsync(Sqlite, log, context);
        log.Stop();
        result.Require(log.CountRows() == appended, $"{appended} appends were acknowledged, the table has {log.CountRows()}");
        return result;
    }

    /// <summary>Returns also how many were appended with the warming up.</summary>
    static async Task<(SideResult Result, long Appended)> AppendAsync(string side, ICallbackLog log, BenchContext context)
    {
        var warmup = new Appender(log);
        await warmup.RunAsync(TimeSpan.FromSeconds(context.Size(2, 1)), context.Stop);
        var appender = new Appender(log);
        await using Sampler sampler = new Sampler(context)
            .Watch("memory of the whole bench", "MiB", () => ProcessFigures.Mebibytes(Environment.ProcessId))
            .WatchRate("appends", "/s", () => appender.Appended).Start();
        double cpu = ProcessFigures.CpuSeconds(Environment.ProcessId);
        double seconds = await appender.RunAsync(TimeSpan.FromSeconds(context.Seconds(12)), context.Stop);
        cpu = ProcessFigures.CpuSeconds(Environment.ProcessId) - cpu;
        var result = new SideResult(side, "appends")
        {
            Seconds = seconds,
            Units = appender.Appended,
            Latency = appender.Latencies.Summarize(),
            Series = await sampler.StopAsync(),
        };
        long refused = appender.Refused + warmup.Refused;
        result.Require(refused <= (context.IsSmoke ? appender.Appended : 0), $"{refused} appends were refused");
        result.Figures["cpu_us_per_callback"] = cpu / appender.Appended * 1e6;
        result.Figures["cpu_us_per_id"] = cpu / appender.Appended * 1e6 / IdsPerCallback;
        return (result, warmup.Appended + appender.Appended);
    }

    /// <summary>Callers of which each appends again as soon as its last one is durable.</summary>
    sealed class Appender(ICallbackLog log)
    {
        // Of so many appends one is timed: keeping millions of latencies would be a load of its own.
        const int TimedOneIn = 8;
        const long FirstId = 1_000_000;

        long _appended;
        long _refused;
        volatile bool _isOver;

        public Latencies Latencies { get; } = new();

        public long Appended => Interlocked.Read(ref _appended);

        public long Refused => Interlocked.Read(ref _refused);

        public async Task<double> RunAsync(TimeSpan duration, CancellationToken stop)
        {
            long start = BenchContext.Time.GetTimestamp();
            Task[] callers = [.. Enumerable.Range(0, Callers).Select(caller => Task.Run(() => AppendAsync(caller), stop))];
            await BenchContext.WaitAsync(duration, stop);
            _isOver = true;
            await Task.WhenAll(callers);
            return BenchContext.Time.GetElapsedTime(start).TotalSeconds;
        }

        async Task AppendAsync(int caller)
        {
            // Seven digits, as a service with a million objects names them.
            long[] ids = [.. Enumerable.Range(0, IdsPerCallback).Select(i => FirstId + (long)caller * IdsPerCallback + i)];
            for (int number = 0; !_isOver; number++)
            {
                long start = number % TimedOneIn == 0 ? BenchContext.Time.GetTimestamp() : 0;
                Receipt receipt = await log.AppendAsync(ids);
                if (start != 0)
                    Latencies.Add(BenchContext.Time.GetElapsedTime(start));
                Interlocked.Increment(ref receipt.IsDurable ? ref _appended : ref _refused);
            }
        }
    }
}

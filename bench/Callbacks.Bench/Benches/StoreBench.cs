using System.Globalization;
using Callbacks.Bench.Framework;
using Callbacks.Bench.Parts;
using Callbacks.Journal;
using Callbacks.Journal.Log;
using Callbacks.Journal.Pending;
using Callbacks.Lookup;
using Callbacks.Store;
using Callbacks.Sweep;
using Callbacks.Time;
using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Options;
using Npgsql;

namespace Callbacks.Bench.Benches;

/// <summary>
/// Rows through the Store stage with what is around it: callbacks visit the table of pending ids, get their answers, are stored, and are
/// visited again until they are settled, while the sweep watches a million rows. Against a loop that sends the same statement.
/// </summary>
sealed class StoreBench : Measurement
{
    const string Stage = "stage", Bare = "bare";
    const double RatioMin = 0.9;
    const double BareCeiling = 91_000;
    const int Rows = 1_000_000, RowsPerBatch = 10_000, IdsPerCallback = 100;

    // Enough for two batches: one under way, one that gathers.
    const int AheadMax = 2 * RowsPerBatch;

    // Every row comes again long before: the sweep has to see that nothing is due.
    static readonly TimeSpan Retention = TimeSpan.FromMinutes(10);

    // A prime that divides no number of rows: every row has its turn.
    const long Scatter = 611_953;

    static readonly TimeSpan FeedWait = TimeSpan.FromMilliseconds(1);
    static readonly TimeSpan StartWait = TimeSpan.FromMilliseconds(50);
    static readonly TimeSpan StartPatience = TimeSpan.FromSeconds(30);

    Postgres? _postgres;
    string _database = "";
    int _rows;

    public override string Name => "store";

    public override string What => "rows per second through Store, settling included, a million rows there, Sweep on : a bare loop of the same statement; at least 0.90.";

    public override IReadOnlyList<string> Sides => [Stage, Bare];

    public override async Task PrepareAsync(BenchContext context)
    {
        _postgres = await Postgres.StartAsync(context.Stop);
        _database = await _postgres.CreateDatabaseAsync();
        _rows = context.Size(Rows, 50_000);
        await Schema.ApplyAsync(_database, context.Stop);
        await Schema.FillAsync(_database, _rows, "now()");
        await WarmUpAsync(context);
    }

    public override async Task<SideResult> MeasureAsync(string side, BenchContext context)
    {
        await Schema.SettleAsync(_database);
        var connections = new StoreConnections(Options.Create(StoreOptions()));
        await using (connections)
        {
            SideResult result = side == Stage ? await MeasureStageAsync(connections, context) : await MeasureBareAsync(connections, context);
            long rows = await Postgres.ReadAsync<long>(_database, "select count(*) from objects");
            result.Require(rows == _rows, $"there were {_rows} rows, now there are {rows}");
            return result;
        }
    }

    public override Verdict Judge(BenchRuns runs, BenchContext context)
    {
        Ratio ratio = runs.Compare(Stage, Bare, result => result.Rate);
        return new Verdict(
            string.Create(CultureInfo.InvariantCulture, $"{ratio}, {runs.Median(Stage, result => result.Rate):N0} rows/s"),
            ratio.Median >= RatioMin, ratio, Ceiling.Check("the bare loop", runs.Median(Bare, result => result.Rate), BareCeiling));
    }

    public override ValueTask CleanUpAsync() => _postgres?.DisposeAsync() ?? default;

    /// <summary>All rows in turn, neighbours far apart, as ids of callbacks are.</summary>
    static long IdOf(long number, int rows) => 2 * (number % rows * Scatter % rows);

    StoreOptions StoreOptions() => new() { ConnectionString = _database, BatchRowsMax = RowsPerBatch };

    async Task<SideResult> MeasureStageAsync(StoreConnections connections, BenchContext context)
    {
        TimeProvider clock = BenchContext.Time;
        var time = new ServiceTime(clock);
        var table = new PendingTable(Retention, Rows, keepAll: false, new Random(1));
        var migrator = new Migrator(clock, NullLogger<Migrator>.Instance);
        var commits = new CommitSignal();
        var state = new StoreState(time, NullLogger<StoreState>.Instance);
        using var writer = new ObjectWriter(
            new AnsweredObjects(table, time), connections, migrator, commits, state, Options.Create(StoreOptions()), clock, NullLogger<ObjectWriter>.Instance);
        using var sweeper = new ObjectSweeper(
            new ReadAll(time), connections, migrator, commits, new SweepState(time, NullLogger<SweepState>.Instance),
            Options.Create(new SweepOptions { Retention = Retention }), time, clock);
        await writer.StartAsync(context.Stop);
        await sweeper.StartAsync(context.Stop);
        var feed = new Feed(table, time, _rows);
        using var end = new CancellationTokenSource();
        Task feeding = Task.Run(() => feed.RunAsync(end.Token), context.Stop);
        SideResult result = await CountAsync(Stage, () => state.RowsStored, context);
        await end.CancelAsync();
        await feeding;
        await writer.StopAsync(CancellationToken.None);
        await sweeper.StopAsync(CancellationToken.None);
        result.Figures["callbacks_settled"] = feed.Settled;
        result.Require(feed.Settled * IdsPerCallback >= result.Units - AheadMax, $"{result.Units} rows were stored, {feed.Settled} callbacks of {IdsPerCallback} settled");
        result.Require(feed.Odd == 0, $"{feed.Odd} sightings were settled as something else than stored");
        return result;
    }

    async Task<SideResult> MeasureBareAsync(StoreConnections connections, BenchContext context)
    {
        long stored = 0;
        using var end = new CancellationTokenSource();
        Task looping = Task.Run(LoopAsync, context.Stop);
        SideResult result = await CountAsync(Bare, () => Interlocked.Read(ref stored), context);
        await end.CancelAsync();
        await looping;
        return result;

        async Task LoopAsync()
        {
            await using NpgsqlConnection connection = await connections.Writer.OpenConnectionAsync(CancellationToken.None);
            var time = new ServiceTime(BenchContext.Time);
            var batch = new ObjectBatch();
            for (long next = 0; !end.IsCancellationRequested; next += RowsPerBatch)
            {
                batch.Rows.Clear();
                Instant now = time.Now;
                for (long i = next; i < next + RowsPerBatch; i++)
                {
                    // A hundred ids share a time, as those of a callback do: with one time for all, the index on it would have the lesser part of the stage's work here.
                    batch.Rows.Add(new ObjectState(IdOf(i, _rows), Online: true, now + TimeSpan.FromMicroseconds((i - next) / IdsPerCallback)));
                }
                batch.Prepare();
                await using var command = new NpgsqlCommand(StoreSql.Upsert, connection);
                batch.Bind(command.Parameters);
                await command.PrepareAsync(CancellationToken.None);
                await command.ExecuteNonQueryAsync(CancellationToken.None);
                Interlocked.Add(ref stored, RowsPerBatch);
            }
        }
    }

    async Task<SideResult> CountAsync(string side, Func<long> stored, BenchContext context)
    {
        // On a crowded machine a smoke run would be over before the first batch.
        long begun = BenchContext.Time.GetTimestamp();
        while (stored() == 0 && BenchContext.Time.GetElapsedTime(begun) < StartPatience)
            await BenchContext.WaitAsync(StartWait, context.Stop);
        await BenchContext.WaitAsync(TimeSpan.FromSeconds(context.Size(3, 1)), context.Stop);
        await using Sampler sampler = new Sampler(context)
            .Watch("memory of the whole bench", "MiB", () => ProcessFigures.Mebibytes(Environment.ProcessId))
            .WatchRate("rows", "/s", () => stored()).Start();
        long before = stored(), start = BenchContext.Time.GetTimestamp();
        double own = ProcessFigures.CpuSeconds(Environment.ProcessId), servers = _postgres!.CpuSeconds;
        await BenchContext.WaitAsync(TimeSpan.FromSeconds(context.Seconds(15)), context.Stop);
        long count = stored() - before;
        double seconds = BenchContext.Time.GetElapsedTime(start).TotalSeconds;
        var result = new SideResult(side, "rows") { Seconds = seconds, Units = count };
        result.Figures["cpu_us_per_id"] = (ProcessFigures.CpuSeconds(Environment.ProcessId) - own) / count * 1e6;
        result.Figures["postgresql_cpu_us_per_id"] = (_postgres.CpuSeconds - servers) / count * 1e6;
        result.Series = await sampler.StopAsync();
        result.Require(count > 0, "no row was stored");
        return result;
    }

    /// <summary>Stands for the journal in front of the sweep: everything has been read, nothing covers a row but its age.</summary>
    sealed class ReadAll(ServiceTime time) : ICoverage
    {
        public Instant ReadUpTo() => time.Now;

        public void FindCovered(ReadOnlySpan<long> ids, Instant since, ReadOnlySpan<Instant> receivedBy, bool wereCovered, Span<bool> covered)
        {
        }
    }

    /// <summary>Stands for the journal and the upstream in front of the store: callbacks over all rows again and again, answered at once.</summary>
    sealed class Feed(PendingTable table, ServiceTime time, int rows)
    {
        readonly Queue<(Instant ReceivedAt, long[] Ids)> _unsettled = new();
        readonly long[] _expired = new long[Enum.GetValues<LookupFailure>().Length];
        readonly Stack<long[]> _free = new();
        ulong _number;
        long _next;

        public long Settled { get; private set; }

        /// <summary>Sightings settled, and not as stored.</summary>
        public long Odd { get; private set; }

        public async Task RunAsync(CancellationToken end)
        {
            while (!end.IsCancellationRequested)
            {
                Settle();
                if (_unsettled.Count * IdsPerCallback < AheadMax)
                    Receive();
                else
                    await Task.Delay(FeedWait, BenchContext.Time, CancellationToken.None);
            }
        }

        void Receive()
        {
            long[] ids = _free.TryPop(out long[]? free) ? free : new long[IdsPerCallback];
            for (int i = 0; i < IdsPerCallback; i++)
                ids[i] = IdOf(_next++, rows);
            Instant now = time.Now;
            table.Visit(new CallbackFrame(++_number, now, ids), VisitKind.Arrival, now, out _, _expired);
            while (table.TryStart(now, out Callbacks.Journal.Pending.Lookup lookup))
                table.Answered(lookup, LookupAnswer.Online, now);
            _unsettled.Enqueue((now, ids));
        }

        void Settle()
        {
            while (_unsettled.TryPeek(out (Instant ReceivedAt, long[] Ids) oldest)
                && table.Visit(new CallbackFrame(1, oldest.ReceivedAt, oldest.Ids), VisitKind.Again, time.Now, out OutcomeCounts outcomes, _expired))
            {
                _free.Push(_unsettled.Dequeue().Ids);
                Settled++;
                Odd += outcomes.Total - outcomes.Stored;
                table.Release(_unsettled.TryPeek(out oldest) ? oldest.ReceivedAt : time.Now, time.Now);
            }
        }
    }
}

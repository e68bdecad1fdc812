using Microsoft.Extensions.Options;
using Npgsql;

namespace Callbacks.Store;

/// <summary>
/// Moves what <see cref="IObjectSource"/> has into PostgreSQL, batch after batch: while one is being written the next gathers, so
/// batches grow with the load and a lone row waits for nothing.
/// <para>
/// A batch settles as stored only after its commit was confirmed with <c>synchronous_commit</c> on. Anything else (a failure, a
/// timeout, a cut connection, whose outcome is unknown) hands it back, and it is written again: the statement keeps the newest
/// <c>last_seen</c>, so a second time changes nothing.
/// </para>
/// <para>
/// A batch that is refused for one of its rows (locked by somebody, against a constraint) is handed back as suspects, which take turns with the
/// others: half as many after each refusal, until the row that keeps them is alone.
/// </para>
/// </summary>
sealed partial class ObjectWriter(
    IObjectSource source,
    StoreConnections connections,
    Migrator migrator,
    CommitSignal commits,
    StoreState state,
    IOptions<StoreOptions> options,
    TimeProvider time,
    ILogger<ObjectWriter> logger) : BackgroundService
{
    // The first retry is quick, for a deadlock or a cut connection; the cap is how late we notice that PostgreSQL is back.
    static readonly TimeSpan BackoffFirst = TimeSpan.FromMilliseconds(50);
    static readonly TimeSpan BackoffCap = TimeSpan.FromMilliseconds(800);

    // A batch under way when the service stops may still commit; if not, its callbacks are pending at the next start.
    static readonly TimeSpan StopGrace = TimeSpan.FromSeconds(1);

    // What is about rows is no sign of an outage before so many batches in a row.
    const int RefusalsMax = 3;

    // When the rows that are refused, each alone, have all been tried.
    static readonly TimeSpan SuspectPause = TimeSpan.FromMilliseconds(500);
    const int RefusedAloneMax = 100;

    ObjectBatch _batch = new();
    // A batch that the server takes too long for becomes smaller ones; each success doubles them again.
    int _rowsMax = options.Value.BatchRowsMax;
    int _suspectRowsMax = options.Value.BatchRowsMax;
    long _suspectsFrom;
    readonly HashSet<long> _refusedAlone = [];
    bool _hasSuspects;
    bool _areSuspects;
    bool _isReady;
    bool _isBatchRefused;
    bool _isRowRefused;
    int _refusals;

    /// <summary>
    /// Makes sure that the table is there, waits for something to store, writes one batch. On an exception nothing is lost: the
    /// batch was handed back, and the next call starts by looking for the table.
    /// </summary>
    public async Task RunOnceAsync(CancellationToken stoppingToken)
    {
        _isRowRefused = false;
        bool wereSuspects = _areSuspects;
        _areSuspects = false;
        if (!_isReady)
            await PrepareAsync(stoppingToken);

        // In turn with the others, and when there are none.
        _areSuspects = !wereSuspects && UntilSuspects() == TimeSpan.Zero;
        if (!_areSuspects)
            await source.WaitAsync(UntilSuspects(), stoppingToken);
        try
        {
            // In here, so that whatever was taken is settled or handed back.
            Take();
            if (_batch.Rows.Count == 0)
            {
                // What was refused has outlived its retention, so no batch will tell whether the server takes one again.
                _isReady &= !_isBatchRefused || _hasSuspects;
                _isBatchRefused &= _hasSuspects;
                return;
            }

            _batch.Prepare();
            await WriteAsync(_batch, stoppingToken);
        }
        catch (Exception e)
        {
            bool isAboutRows = PostgresError.IsAboutRows(e);
            source.Returned(asSuspects: isAboutRows || _areSuspects);
            _isReady = false;
            _isBatchRefused = true;
            if (!PostgresError.IsSessionWell(e))
                connections.ClearWriters();
            _isRowRefused = isAboutRows && _batch.Rows.Count == 1;
            if (!_areSuspects)
                _refusals = isAboutRows && !_isRowRefused ? _refusals + 1 : 0;
            if (isAboutRows || _areSuspects)
                Suspect(e);
            else if (PostgresError.MaySpareOthers(e))
                _rowsMax = Halve(_rowsMax);
            // It may have been committed all the same.
            commits.Committed(_batch.Oldest);
            // A statement that was given up may still be sending from these buffers.
            _batch = new ObjectBatch();
            throw;
        }

        source.Stored();
        commits.Committed(_batch.Oldest);
        state.Stored(_batch.Rows);
        _isBatchRefused = false;
        _refusals = 0;
        ref int rowsMax = ref _areSuspects ? ref _suspectRowsMax : ref _rowsMax;
        rowsMax = (int)Math.Min(rowsMax * 2L, options.Value.BatchRowsMax);
    }

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        var backoff = new Backoff(BackoffFirst, BackoffCap);
        while (!stoppingToken.IsCancellationRequested)
        {
            try
            {
                await RunOnceAsync(stoppingToken);
                if (!_areSuspects && _rowsMax == options.Value.BatchRowsMax)
                    backoff.Reset();
            }
            catch (Exception e) when (!stoppingToken.IsCancellationRequested)
            {
                if (_isRowRefused)
                    state.RowRefused(e);
                else if (PostgresError.IsConflict(e) || (PostgresError.IsAboutRows(e) && _refusals < RefusalsMax))
                    Log.Conflict(logger, e);
                else
                    state.Failed(e);
                // What keeps suspects isn't the others' to wait for.
                if (!_areSuspects || !PostgresError.IsAboutRows(e))
                    await Task.Delay(backoff.Next(), time, stoppingToken).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            }
            catch (Exception e)
            {
                Log.Stopped(logger, e);
            }
        }
    }

    async Task PrepareAsync(CancellationToken stoppingToken)
    {
        try
        {
            await migrator.ApplyAsync(connections.Writer, connections.AnswerLimit, stoppingToken);
        }
        catch (Exception e)
        {
            _isBatchRefused = false;
            // Whatever it is, it is about no row.
            _refusals = RefusalsMax;
            // A session that was begun read-only, or with a wrong search path, would stay so.
            if (!PostgresError.IsSessionWell(e))
                connections.ClearWriters();
            throw;
        }

        _isReady = true;
        // A server that answers but refused the batch (read-only, disk full) isn't back before it takes one.
        if (_isBatchRefused)
            return;
        _refusals = 0;
        state.Answered();
    }

    void Take()
    {
        source.Take(_batch.Rows, _areSuspects ? _suspectRowsMax : _rowsMax, _areSuspects);
        if (!_areSuspects && _batch.Rows.Count == 0 && UntilSuspects() == TimeSpan.Zero)
        {
            _areSuspects = true;
            source.Take(_batch.Rows, _suspectRowsMax, suspects: true);
        }

        // Fewer than there may be are all that there are.
        if (_areSuspects && _batch.Rows.Count < _suspectRowsMax)
            _hasSuspects = false;
    }

    TimeSpan UntilSuspects()
    {
        if (!_hasSuspects)
            return Timeout.InfiniteTimeSpan;
        TimeSpan left = time.GetElapsedTime(time.GetTimestamp(), _suspectsFrom);
        // Timers count whole milliseconds.
        return left > TimeSpan.Zero ? left + TimeSpan.FromMilliseconds(1) : TimeSpan.Zero;
    }

    void Suspect(Exception why)
    {
        _hasSuspects = true;
        if (PostgresError.MaySpareOthers(why))
            _suspectRowsMax = Halve(_suspectRowsMax);
        if (!_isRowRefused || !_areSuspects)
            return;
        // There may be many, and others behind them: until one comes round again.
        if (_refusedAlone.Add(_batch.Rows[0].Id) && _refusedAlone.Count < RefusedAloneMax)
            return;
        _refusedAlone.Clear();
        _suspectsFrom = time.GetTimestamp() + (long)(SuspectPause.TotalSeconds * time.TimestampFrequency);
    }

    int Halve(int rowsMax) => Math.Max(1, Math.Min(rowsMax, _batch.Rows.Count) / 2);

    async Task WriteAsync(ObjectBatch batch, CancellationToken stoppingToken)
    {
        using var grace = new CancellationTokenSource(Timeout.InfiniteTimeSpan, time);
        await using CancellationTokenRegistration registration = stoppingToken.Register(() => grace.CancelAfter(StopGrace));
        await ExecuteAsync(batch).GiveUpAfterAsync(connections.AnswerLimit, time, grace.Token);
    }

    async Task ExecuteAsync(ObjectBatch batch)
    {
        NpgsqlDataSource sessions = _areSuspects ? connections.SuspectWriter : connections.Writer;
        await using NpgsqlConnection connection = await sessions.OpenConnectionAsync(CancellationToken.None);
        await using var command = new NpgsqlCommand(StoreSql.Upsert, connection);
        batch.Bind(command.Parameters);
        // Prepared once for each physical connection; afterwards this is a lookup in the client.
        await command.PrepareAsync(CancellationToken.None);
        await command.ExecuteNonQueryAsync(CancellationToken.None);
        // Also when it had been given up: a server that goes on after a pause may write what has outlived its retention.
        commits.Committed(batch.Oldest);
    }

    static partial class Log
    {
        [LoggerMessage(Level = LogLevel.Debug, Message = "A batch met another writer and is written again.")]
        public static partial void Conflict(ILogger logger, Exception exception);

        [LoggerMessage(Level = LogLevel.Debug, Message = "Storing ends with the service.")]
        public static partial void Stopped(ILogger logger, Exception exception);
    }
}

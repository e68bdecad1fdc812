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

    ObjectBatch _batch = new();
    // A batch that the server takes too long for, or refuses, becomes smaller ones, until what keeps it is alone; each success doubles them again.
    int _rowsMax = options.Value.BatchRowsMax;
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
        if (!_isReady)
            await PrepareAsync(stoppingToken);

        await source.WaitAsync(stoppingToken);
        try
        {
            // In here, so that whatever was taken is settled or handed back.
            source.Take(_batch.Rows, _rowsMax);
            if (_batch.Rows.Count == 0)
            {
                // What was refused has outlived its retention, so no batch will tell whether the server takes one again.
                _isReady &= !_isBatchRefused;
                _isBatchRefused = false;
                return;
            }

            _batch.Prepare();
            await WriteAsync(_batch, stoppingToken);
        }
        catch (Exception e)
        {
            _isReady = false;
            _isBatchRefused = true;
            if (!PostgresError.IsSessionWell(e))
                connections.Writer.Clear();
            if (PostgresError.MaySpareOthers(e))
                _rowsMax = Math.Max(1, Math.Min(_rowsMax, _batch.Rows.Count) / 2);
            _isRowRefused = PostgresError.IsAboutRows(e) && _batch.Rows.Count == 1;
            _refusals = PostgresError.IsAboutRows(e) && !_isRowRefused ? _refusals + 1 : 0;
            // It may have been committed all the same.
            commits.Committed(_batch.Oldest);
            source.Returned();
            // A statement that was given up may still be sending from these buffers.
            _batch = new ObjectBatch();
            throw;
        }

        source.Stored();
        commits.Committed(_batch.Oldest);
        state.Stored(_batch.Rows);
        _isBatchRefused = false;
        _refusals = 0;
        _rowsMax = (int)Math.Min(_rowsMax * 2L, options.Value.BatchRowsMax);
    }

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        var backoff = new Backoff(BackoffFirst, BackoffCap);
        while (!stoppingToken.IsCancellationRequested)
        {
            try
            {
                await RunOnceAsync(stoppingToken);
                // Where one row is refused again and again, the others aren't held up by it, and the log isn't filled.
                if (_rowsMax == options.Value.BatchRowsMax)
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
        catch (Exception)
        {
            _isBatchRefused = false;
            throw;
        }

        _isReady = true;
        // A server that answers but refused the batch (read-only, disk full) isn't back before it takes one.
        if (!_isBatchRefused)
            state.Answered();
    }

    async Task WriteAsync(ObjectBatch batch, CancellationToken stoppingToken)
    {
        using var grace = new CancellationTokenSource(Timeout.InfiniteTimeSpan, time);
        await using CancellationTokenRegistration registration = stoppingToken.Register(() => grace.CancelAfter(StopGrace));
        await ExecuteAsync(batch).GiveUpAfterAsync(connections.AnswerLimit, time, grace.Token);
    }

    async Task ExecuteAsync(ObjectBatch batch)
    {
        await using NpgsqlConnection connection = await connections.Writer.OpenConnectionAsync(CancellationToken.None);
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

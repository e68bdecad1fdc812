using System.Runtime.InteropServices;
using Callbacks.Journal;
using Callbacks.Store;
using Callbacks.Time;
using Microsoft.Extensions.Options;

namespace Callbacks.Sweep;

/// <summary>
/// Deletes each row at the first moment that is covered neither by its <c>last_seen</c> + retention nor by a pending callback that
/// names its id.
/// <para>
/// It sleeps until the oldest row runs out, reads what has run out along the index, asks the journal which of it is covered, holds
/// that in memory and deletes the rest. What it has read it doesn't read again (<c>_readFrom</c>), except where rows may have
/// appeared behind it: below the oldest row of a commit, and every few seconds from the bottom, for rows that others wrote.
/// </para>
/// <para>
/// Right in any interleaving, because a delete spares rows written again: when the journal says "not covered", the callbacks
/// received up to <see cref="ICoverage.ReadUpTo"/> have settled, and those that were stored have changed the row before.
/// </para>
/// </summary>
sealed class ObjectSweeper : BackgroundService
{
    // Passes are at least so far apart: under a steady load each then deletes some hundreds of rows in one statement.
    static readonly TimeSpan PassInterval = TimeSpan.FromMilliseconds(25);

    // Held rows and a journal that recovers give no signal, so they are asked.
    static readonly TimeSpan AskInterval = TimeSpan.FromMilliseconds(50);

    // Without room for held rows they are read again instead.
    static readonly TimeSpan OverflowInterval = TimeSpan.FromMilliseconds(250);

    static readonly TimeSpan FullPassIntervalMax = TimeSpan.FromSeconds(5);
    static readonly TimeSpan BackoffFirst = TimeSpan.FromMilliseconds(50);
    static readonly TimeSpan BackoffCap = TimeSpan.FromMilliseconds(500);

    // A backlog is worked off in passes of at most 100,000 rows, so that held rows get their turn.
    const int ReadsPerPass = 20;

    readonly ICoverage _coverage;
    readonly SweepTable _table;
    readonly StoreConnections _connections;
    readonly Migrator _migrator;
    readonly CommitSignal _commits;
    readonly SweepState _state;
    readonly ServiceTime _serviceTime;
    readonly TimeProvider _time;
    readonly TimeSpan _retention;
    readonly TimeSpan _fullPassInterval;

    readonly GracePeriod _grace;
    readonly HeldRows _held;
    readonly List<DueRow> _due = [];
    bool[] _covered = new bool[SweepTable.RowsMax];

    // Every row older than this is held or gone, as far as we know.
    Instant _readFrom = Instant.MinValue;

    // No row between _readFrom and this.
    Instant _nextSeen = Instant.MinValue;

    // The oldest covered row that found no room, and when it is read again.
    Instant _overflowFrom = Instant.MaxValue;
    Instant _overflowAt = Instant.MaxValue;

    // Rows older than _lateFrom could not be swept, or not be known, before _ableAt.
    Instant _lateFrom = Instant.MinValue;
    Instant _ableAt;

    // Rows older than this were held before, or could not be read when they ran out: they may have been covered ever since.
    Instant _inDoubtFrom = Instant.MinValue;
    Instant _fullPassAt = Instant.MinValue;
    bool _isHindered = true;

    public ObjectSweeper(
        ICoverage coverage,
        StoreConnections connections,
        Migrator migrator,
        CommitSignal commits,
        SweepState state,
        IOptions<SweepOptions> options,
        ServiceTime serviceTime,
        TimeProvider time)
    {
        _coverage = coverage;
        _table = new SweepTable(connections, time);
        _connections = connections;
        _migrator = migrator;
        _commits = commits;
        _state = state;
        _serviceTime = serviceTime;
        _time = time;
        _retention = options.Value.Retention;
        _grace = new GracePeriod(serviceTime, _retention);
        _held = new HeldRows(options.Value.HeldRowsMax, _grace);
        // Often enough that another instance's row is known before it runs out.
        _fullPassInterval = _retention / 6 < FullPassIntervalMax ? _retention / 6 : FullPassIntervalMax;
    }

    /// <summary>
    /// Sweeps what is due now, or a bounded part of it. An exception leaves nothing half done: the next pass reads from the bottom.
    /// </summary>
    /// <returns>How long to wait before the next pass, unless a commit older than what is waited for comes first.</returns>
    public async Task<TimeSpan> RunOnceAsync(CancellationToken cancellationToken)
    {
        // The order matters: a callback received after this moment is too late to save a row older than the cutoff.
        Instant readUpTo = _coverage.ReadUpTo();
        // Nothing has been read while the journal recovers.
        if (readUpTo == Instant.MinValue || !_grace.IsOver(readUpTo))
        {
            _isHindered = true;
            return AskInterval;
        }

        Instant cutoff = readUpTo - _retention;
        Instant now = _serviceTime.Now;
        TakeSignals(cutoff, now);
        try
        {
            _due.Clear();
            _held.MoveUncovered(_coverage, cutoff, now, _due);
            await DeleteAsync(cancellationToken);
            for (int reads = 0; _nextSeen < cutoff && reads < ReadsPerPass; reads++)
                await ReadAsync(cutoff, cancellationToken);
        }
        catch (Exception)
        {
            _isHindered = true;
            throw;
        }

        _state.Passed(_held.Count);
        return FindDelay(readUpTo, cutoff, now);
    }

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        var backoff = new Backoff(BackoffFirst, BackoffCap);
        while (!stoppingToken.IsCancellationRequested)
        {
            TimeSpan delay = TimeSpan.Zero;
            try
            {
                delay = await RunOnceAsync(stoppingToken);
                backoff.Reset();
            }
            catch (Exception e) when (!stoppingToken.IsCancellationRequested && PostgresError.IsTableMissing(e))
            {
                // Nothing to report when it can be mended: the first start finds no table, either.
                delay = backoff.Next();
                await MigrateAsync(stoppingToken);
            }
            catch (Exception e) when (!stoppingToken.IsCancellationRequested)
            {
                _state.Failed(PostgresError.Describe(e));
                delay = backoff.Next();
                if (!PostgresError.IsSessionWell(e))
                    _connections.Sweep.Clear();
            }
            catch (Exception)
            {
                // The service stops: what was not swept is swept at the next start.
            }

            await _commits.WaitAsync(_isHindered ? Instant.MinValue : _nextSeen, delay, _time, stoppingToken);
        }
    }

    /// <summary>An idle writer doesn't notice that the table is gone.</summary>
    async Task MigrateAsync(CancellationToken stoppingToken)
    {
        try
        {
            await _migrator.ApplyAsync(_connections.Sweep, _connections.AnswerLimit, stoppingToken);
        }
        catch (Exception e) when (!stoppingToken.IsCancellationRequested)
        {
            _state.Failed(PostgresError.Describe(e));
        }
        catch (Exception)
        {
            // The service stops.
        }
    }

    /// <summary>Steps back to where rows may have appeared behind us.</summary>
    void TakeSignals(Instant cutoff, Instant now)
    {
        Instant oldest = _commits.TakeOldest();
        if (_isHindered)
        {
            StepBack(Instant.MinValue, lateFrom: cutoff, now);
            _isHindered = false;
        }
        else if (now >= _fullPassAt)
        {
            StepBack(Instant.MinValue, lateFrom: _readFrom, now);
        }
        else if (oldest < _readFrom || now >= _overflowAt)
        {
            // What was committed just now was covered by the sighting that it is of.
            StepBack(Instant.Min(oldest, _overflowFrom), lateFrom: _readFrom, now, isInDoubt: _overflowFrom < Instant.MaxValue);
        }

        _nextSeen = Instant.Min(_nextSeen, oldest);
    }

    void StepBack(Instant to, Instant lateFrom, Instant now, bool isInDoubt = true)
    {
        if (to == Instant.MinValue)
        {
            // Reading what is held again shouldn't cost more than the sweep itself.
            _fullPassAt = now + _fullPassInterval * (1 + _held.Count / HeldRows.PassRowsMax);
        }

        if (_held.Forget(to) || isInDoubt)
            _inDoubtFrom = Instant.Max(_inDoubtFrom, lateFrom);
        _readFrom = to;
        _nextSeen = to;
        (_overflowFrom, _overflowAt) = (Instant.MaxValue, Instant.MaxValue);
        _lateFrom = Instant.Max(_lateFrom, lateFrom);
        _ableAt = now;
    }

    async Task ReadAsync(Instant cutoff, CancellationToken cancellationToken)
    {
        (List<long> ids, List<Instant> lastSeens) = await _table.ReadAsync(_readFrom, cutoff, cancellationToken);
        // The next row may share its microsecond with none of these: reads include all ties.
        bool isLast = ids.Count < SweepTable.RowsMax;
        _readFrom = isLast ? cutoff : lastSeens[^1] + TimeSpan.FromMicroseconds(1);
        _nextSeen = isLast ? await _table.ReadNextAsync(cutoff, cancellationToken) : _readFrom;
        if (ids.Count == 0)
            return;

        if (_covered.Length < ids.Count)
            _covered = new bool[ids.Count];
        Array.Clear(_covered, 0, ids.Count);
        int inDoubt = 0;
        while (inDoubt < ids.Count && lastSeens[inDoubt] < _inDoubtFrom)
            inDoubt++;
        FindCovered(ids, lastSeens, 0, inDoubt, cutoff, wereCovered: true);
        FindCovered(ids, lastSeens, inDoubt, ids.Count, cutoff, wereCovered: false);
        Instant now = _serviceTime.Now;
        for (int i = 0; i < ids.Count; i++)
        {
            Instant lastSeen = lastSeens[i];
            if (!_covered[i])
                _due.Add(new DueRow(ids[i], lastSeen, lastSeen < _lateFrom ? Instant.Max(_ableAt, lastSeen + _retention) : lastSeen + _retention));
            else if (!_held.TryAdd(ids[i], lastSeen, now))
                LookAgain(lastSeen, now);
        }

        await DeleteAsync(cancellationToken);
    }

    void FindCovered(List<long> ids, List<Instant> lastSeens, int from, int to, Instant cutoff, bool wereCovered)
    {
        if (from == to)
            return;
        Instant[] lastSaves = _grace.FindLastSaves(CollectionsMarshal.AsSpan(lastSeens)[from..to]);
        _coverage.FindCovered(CollectionsMarshal.AsSpan(ids)[from..to], cutoff, lastSaves, wereCovered, _covered.AsSpan(from, to - from));
    }

    async Task DeleteAsync(CancellationToken cancellationToken)
    {
        _due.Sort(static (left, right) => left.Id.CompareTo(right.Id));
        for (int start = 0; start < _due.Count; start += SweepTable.RowsMax)
        {
            int count = Math.Min(SweepTable.RowsMax, _due.Count - start);
            List<long> deleted = await _table.DeleteAsync(CollectionsMarshal.AsSpan(_due).Slice(start, count), cancellationToken);
            Instant now = _serviceTime.Now;
            _state.Swept(CollectionsMarshal.AsSpan(_due).Slice(start, count), deleted, now);
            // Written again meanwhile, or locked by somebody.
            if (DueRow.FindOldestLeft(CollectionsMarshal.AsSpan(_due).Slice(start, count), deleted) is { } left)
                LookAgain(left, now);
        }

        _due.Clear();
    }

    void LookAgain(Instant from, Instant now) =>
        (_overflowFrom, _overflowAt) = (Instant.Min(_overflowFrom, from), Instant.Min(_overflowAt, now + OverflowInterval));

    TimeSpan FindDelay(Instant readUpTo, Instant cutoff, Instant now)
    {
        if (_nextSeen < cutoff)
            return TimeSpan.Zero;
        // A row goes when its time is before the cutoff, and timers count whole milliseconds.
        TimeSpan delay = _nextSeen + _retention + TimeSpan.FromMilliseconds(1) - readUpTo;
        TimeSpan toFullPass = _fullPassAt - now;
        if (toFullPass < delay)
            delay = toFullPass;
        if (_held.Count > 0 && delay > AskInterval)
            delay = AskInterval;
        if (_overflowAt - now < delay)
            delay = _overflowAt - now;
        return delay > PassInterval ? delay : PassInterval;
    }
}

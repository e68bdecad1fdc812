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
/// It sleeps until the oldest row runs out, a second at most, reads what has run out along the index, asks the journal which of it is covered, holds
/// that in memory and deletes the rest. What it has read it doesn't read again, except where rows may have appeared behind it
/// (<see cref="SweepPosition"/>).
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

    // However long there is nothing to do: it costs nothing to look, and a wait that turns out wrong, as when the process is stopped meanwhile, is over soon.
    static readonly TimeSpan WaitMax = TimeSpan.FromSeconds(1);

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

    readonly GracePeriod _grace;
    readonly HeldRows _held;
    readonly SweepPosition _position;
    readonly List<DueRow> _due = [];
    bool[] _covered = new bool[SweepTable.RowsMax];

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
        _position = new SweepPosition(_retention, _held);
    }

    /// <summary>
    /// Sweeps what is due now, or a bounded part of it. An exception leaves nothing half done: the next pass reads again what was lost.
    /// </summary>
    /// <returns>How long to wait before the next pass, unless a commit older than what is waited for comes first.</returns>
    public async Task<TimeSpan> RunOnceAsync(CancellationToken cancellationToken)
    {
        // The order matters: a callback received after this moment is too late to save a row older than the cutoff.
        Instant readUpTo = _coverage.ReadUpTo();
        // Nothing has been read while the journal recovers.
        if (readUpTo == Instant.MinValue || !_grace.IsOver(readUpTo))
        {
            _position.Hinder();
            return AskInterval;
        }

        Instant cutoff = readUpTo - _retention;
        Instant now = _serviceTime.Now;
        _position.GoBack(_commits.TakeOldest(), cutoff, now);
        try
        {
            _held.MoveUncovered(_coverage, cutoff, now, _due);
            await DeleteAsync(cancellationToken);
            for (int reads = 0; _position.NextSeen < cutoff && reads < ReadsPerPass; reads++)
                await ReadAsync(cutoff, cancellationToken);
        }
        catch (Exception e)
        {
            now = _serviceTime.Now;
            _position.Failed(HoldDue(now), PostgresError.IsTooSlow(e), cutoff, now);
            throw;
        }

        _state.Passed(_held.Count);
        return FindDelay(cutoff);
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

            await _commits.WaitAsync(_position.IsHindered ? Instant.MinValue : _position.NextSeen, delay, _time, stoppingToken);
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
            _connections.Sweep.Clear();
        }
        catch (Exception)
        {
            // The service stops.
        }
    }

    async Task ReadAsync(Instant cutoff, CancellationToken cancellationToken)
    {
        (List<long> ids, List<Instant> lastSeens) = await _table.ReadAsync(_position.ReadFrom, cutoff, cancellationToken);
        // The next row may share its microsecond with none of these: reads include all ties.
        bool isLast = ids.Count < SweepTable.RowsMax;
        Instant readTo = isLast ? cutoff : lastSeens[^1] + TimeSpan.FromMicroseconds(1);
        Instant next = isLast ? await _table.ReadNextAsync(cutoff, cancellationToken) : readTo;
        if (_covered.Length < ids.Count)
            _covered = new bool[ids.Count];
        Array.Clear(_covered, 0, ids.Count);
        int inDoubt = 0;
        while (inDoubt < ids.Count && lastSeens[inDoubt] < _position.InDoubtFrom)
            inDoubt++;
        FindCovered(ids, lastSeens, 0, inDoubt, cutoff, wereCovered: true);
        FindCovered(ids, lastSeens, inDoubt, ids.Count, cutoff, wereCovered: false);
        Instant now = _serviceTime.Now;
        _position.Read(readTo, next, isLast, now);
        for (int i = 0; i < ids.Count; i++)
        {
            Instant lastSeen = lastSeens[i];
            if (!_covered[i])
                _due.Add(new DueRow(ids[i], lastSeen, _position.DueAt(lastSeen)));
            else
                Hold(ids[i], lastSeen, now);
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
        while (_due.Count > 0)
        {
            int count = Math.Min(SweepTable.RowsMax, _due.Count), start = _due.Count - count;
            List<long> deleted = await _table.DeleteAsync(CollectionsMarshal.AsSpan(_due).Slice(start, count), cancellationToken);
            Instant now = _serviceTime.Now;
            _state.Swept(CollectionsMarshal.AsSpan(_due).Slice(start, count), deleted, now);
            DueRow[] left = DueRow.FindLeft(CollectionsMarshal.AsSpan(_due).Slice(start, count), deleted);
            if (left.Length > 0)
                HoldLocked(left, await _table.FindUnchangedAsync(left, cancellationToken), now);
            _due.RemoveRange(start, count);
        }
    }

    /// <summary>Those that somebody keeps locked. The others were written again meanwhile.</summary>
    void HoldLocked(DueRow[] left, List<long> unchanged, Instant now)
    {
        HashSet<long> locked = [.. unchanged];
        foreach (DueRow row in left)
        {
            if (locked.Contains(row.Id))
                Hold(row.Id, row.LastSeen, now);
        }
    }

    void Hold(long id, Instant lastSeen, Instant now)
    {
        if (!_held.TryAdd(id, lastSeen, now))
            _position.LookAgain(lastSeen, now);
    }

    /// <summary>What could not be deleted is tried again. Returns the oldest row that found no room.</summary>
    Instant HoldDue(Instant now)
    {
        Instant lost = Instant.MaxValue;
        foreach (DueRow row in _due)
        {
            if (!_held.TryAdd(row.Id, row.LastSeen, now))
                lost = Instant.Min(lost, row.LastSeen);
        }

        _due.Clear();
        return lost;
    }

    TimeSpan FindDelay(Instant cutoff)
    {
        if (_position.NextSeen < cutoff)
            return TimeSpan.Zero;
        // From now on, not from the pass's beginning: it may have taken seconds, as with a process that was stopped meanwhile.
        TimeSpan delay = _position.FindDelay(_serviceTime.Now);
        TimeSpan max = _held.Count > 0 ? AskInterval : WaitMax;
        if (delay > max)
            return max;
        return delay > PassInterval ? delay : PassInterval;
    }
}

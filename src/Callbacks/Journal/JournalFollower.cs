using Callbacks.Journal.Log;
using Callbacks.Journal.Pending;
using Callbacks.Time;

namespace Callbacks.Journal;

/// <summary>
/// Follows the log, on a thread of its own: brings every callback to the pending table when it has become durable, visits it again at
/// growing ages until all its sightings have an outcome, and lets go of segments in which everything is settled. Cursors that trail
/// the tail by those ages do it, so that what is pending takes no memory, and each round reads the log from front to back.
/// </summary>
sealed class JournalFollower : ICoverage, IDisposable
{
    /// <summary>Groups that one cursor goes through before the others have their turn.</summary>
    const int GroupsPerTurn = 32;

    static readonly TimeSpan IdleWait = TimeSpan.FromSeconds(1);

    /// <summary>Later visits are made in batches: the log is read in chunks, and one that serves a single small group is wasted.</summary>
    static readonly TimeSpan MinVisitWait = TimeSpan.FromMilliseconds(50);
    static readonly TimeSpan FailureWait = TimeSpan.FromSeconds(1);

    readonly SegmentList _segments;
    readonly JournalWriter _writer;
    readonly Balance _balance;
    readonly PendingTable _table;
    readonly ServiceTime _time;
    readonly TimeSpan _retention;
    readonly Func<CancellationToken, List<string>> _recovery;
    readonly FollowerLog _log;
    readonly Thread _thread;
    readonly CancellationTokenSource _stop = new();

    readonly GroupReader _reader = new();
    readonly GroupVisitor _visitor;
    readonly Cursor _arrivals;
    readonly Backlog _backlog;
    readonly LaterVisits[] _later;
    readonly LastVisits _last;
    readonly SegmentDeletion _deletion;
    readonly NamedOnDisk _named;
    readonly DamageReport _damage;
    Instant _nextVisits;
    bool _hasSteppedOver;
    long _readUpTo;
    Task _recovering = Task.CompletedTask;
    volatile bool _isScanned;
    volatile bool _isFollowing;

    /// <param name="firstNumber">Of this life's segments.</param>
    /// <param name="recovery">Checks the segments of earlier lives, and returns what is damaged; what they hold is read after it.</param>
    public JournalFollower(
        SegmentList segments, SegmentDeletion deletion, JournalWriter writer, Balance balance, PendingTable table, ServiceTime time, TimeProvider timers,
        TimeSpan retention, ulong firstNumber, Instant lastReceived, IReadOnlyList<string> damage, Func<CancellationToken, List<string>> recovery, ILoggerFactory loggers)
    {
        (_segments, _writer, _balance, _table, _time, _retention, _recovery) = (segments, writer, balance, table, time, retention, recovery);
        _log = new FollowerLog(loggers.CreateLogger<JournalFollower>(), timers);
        _damage = new DamageReport(damage, loggers.CreateLogger<DamageReport>());
        _readUpTo = lastReceived.Microseconds;
        _deletion = deletion;
        _named = new NamedOnDisk(segments, deletion.Files);
        _visitor = new GroupVisitor(table, balance);
        // Nothing has arrived yet: what the newest segment holds, if it is an earlier life's, belongs to the backlog.
        _arrivals = new Cursor(segments, _reader, segments.Newest);
        _arrivals.SkipToEnd();
        _backlog = new Backlog(segments, _reader, firstNumber, retention, _visitor, balance, time.Now);
        _last = new LastVisits(segments, _reader, _visitor, table, retention);
        _later = [.. VisitAges.Below(retention).Select(age => new LaterVisits(age, segments, _reader, _visitor, table))];
        _thread = new Thread(Run) { IsBackground = true, Name = "journal follower" };
    }

    public void Start()
    {
        _recovering = Task.Factory.StartNew(RunRecovery, CancellationToken.None, TaskCreationOptions.LongRunning, TaskScheduler.Default);
        _thread.Start();
    }

    public bool IsRecovering => !_isFollowing;

    /// <inheritdoc cref="LastVisits.OldestPending"/>
    public Instant? OldestPending => _last.OldestPending;

    public IReadOnlyList<string> Damage => _damage.All;

    /// <inheritdoc/>
    public Instant ReadUpTo()
    {
        if (!_isFollowing)
            return Instant.MinValue;
        // In this order: what became durable before the first was asked, has been read if the second says so.
        Instant decided = _writer.DecidedUpTo(out Instant lastDurable);
        var read = new Instant(Volatile.Read(ref _readUpTo));
        return lastDurable > read ? Instant.Min(decided, read) : decided;
    }

    /// <inheritdoc/>
    public void FindCovered(ReadOnlySpan<long> ids, Instant since, ReadOnlySpan<Instant> receivedBy, bool wereCovered, Span<bool> covered)
    {
        var absent = new Dictionary<long, Instant>();
        _table.FindCovered(ids, since, receivedBy, wereCovered, covered, absent);
        Instant unfitUpTo = _table.UnfitUpTo;
        if (absent.Count == 0 || unfitUpTo <= since)
            return;

        HashSet<long> named = _named.Find(absent, since, unfitUpTo);
        for (int i = 0; i < ids.Length; i++)
            covered[i] |= named.Contains(ids[i]);
    }

    public void Dispose()
    {
        _stop.Cancel();
        if (_thread.IsAlive)
            _thread.Join();
        _recovering.Wait();
        _stop.Dispose();
    }

    /// <summary>One turn of every cursor. Returns how long there is nothing to do, unless the writer says otherwise.</summary>
    public TimeSpan RunOnce()
    {
        try
        {
            return Turn();
        }
        catch (DamagedGroupException exception)
        {
            StepOver(exception);
            return TimeSpan.Zero;
        }
    }

    /// <summary>Checks what earlier lives left; <see cref="RunOnce"/> goes on from there.</summary>
    public void Recover()
    {
        _damage.Add(_recovery(_stop.Token));
        _isScanned = true;
        _writer.Advanced.Set();
    }

    void RunRecovery()
    {
        try
        {
            Recover();
        }
        catch (OperationCanceledException)
        {
            // The service stops; the next start begins again.
        }
        catch (Exception exception)
        {
            // Without its past the journal can accept, but nothing may be swept or deleted: it stays recovering, loudly.
            _log.RecoveryFailed(exception);
            _damage.Add($"Earlier segments could not be read: {exception.Message}");
        }
    }

    TimeSpan Turn()
    {
        Instant now = _time.Now;
        TimeSpan wait = FollowArrivals(now);
        if (_isScanned && !_isFollowing)
        {
            if (_backlog.Read(GroupsPerTurn, now))
            {
                _isFollowing = true;
                int segments = _segments.Count;
                long pending = _balance.Snapshot().PendingAtStart;
                _log.Recovered(segments, pending);
            }

            return TimeSpan.Zero;
        }

        if (_isFollowing && now >= _nextVisits)
        {
            TimeSpan due = VisitAgain(now);
            _nextVisits = now + (due > MinVisitWait || due == TimeSpan.Zero ? due : MinVisitWait);
        }

        _visitor.MarkSettled(_writer);
        TimeSpan untilVisits = _isFollowing ? _nextVisits - now : IdleWait;
        return untilVisits < wait ? untilVisits : wait;
    }

    /// <summary>A turn of the cursors that trail the arrivals. Returns when the next is due.</summary>
    TimeSpan VisitAgain(Instant now)
    {
        TimeSpan wait = _last.RunOnce(now, _arrivals, ReadUpTo);
        foreach (LaterVisits visits in _later)
        {
            visits.CatchUpWith(_last.Cursor);
            TimeSpan due = visits.RunOnce(now, _arrivals);
            wait = due < wait ? due : wait;
            FollowArrivals(now);
        }

        if (_deletion.MayLetGo(_last.Cursor.Segment))
        {
            _backlog.CatchUpWith(_last.Cursor);
            foreach (LaterVisits visits in _later)
                visits.CatchUpWith(_last.Cursor);
            _reader.Clear();
            _deletion.LetGo(_last.Cursor.Segment);
        }

        return wait;
    }

    void Run()
    {
        while (!_stop.IsCancellationRequested)
        {
            TimeSpan wait;
            try
            {
                wait = RunOnce();
                _log.Succeeded();
            }
            catch (Exception exception)
            {
                _log.Failed(exception);
                wait = FailureWait;
            }

            if (wait <= TimeSpan.Zero)
                continue;
            try
            {
                _writer.Advanced.Wait(wait, _stop.Token);
            }
            catch (OperationCanceledException)
            {
                return;
            }
        }
    }

    /// <summary>Brings what has become durable to the table. Returns zero when there is more at once, else how long there is nothing.</summary>
    TimeSpan FollowArrivals(Instant now)
    {
        for (int groups = 0; groups < GroupsPerTurn; groups++)
        {
            if (!_arrivals.TryPeek(out GroupHeader header))
            {
                if (_hasSteppedOver)
                    CountDamagedAsRead(_arrivals);
                return IdleWait;
            }

            _visitor.Visit(_arrivals, header, VisitKind.Arrival, now);
            _arrivals.Advance();
            if (header.Callbacks > 0)
            {
                Volatile.Write(ref _readUpTo, header.LastReceived.Microseconds);
                _nextVisits = Instant.Min(_nextVisits, now + _later[0].Age);
            }
        }

        return TimeSpan.Zero;
    }

    /// <summary>A damaged last group tells nobody its time, and must not stop the sweep until another one comes.</summary>
    void CountDamagedAsRead(Cursor arrivals)
    {
        _writer.DecidedUpTo(out Instant lastDurable);
        // Durable by then, so in the segment by now: when nothing is left to read, it has been read.
        if (!arrivals.TryPeek(out _))
            Volatile.Write(ref _readUpTo, Math.Max(_readUpTo, lastDurable.Microseconds));
    }

    void StepOver(DamagedGroupException exception)
    {
        Segment segment = exception.Segment;
        // Each cursor that stood on it comes here once.
        if (segment.Holes.Any(hole => hole.From <= exception.Offset && exception.Offset < hole.To))
            return;

        long next = SegmentScan.FindGroup(segment, exception.Offset + Layout.BlockBytes, segment.End, 1, new GroupReader(), out _);
        segment.Holes = [.. segment.Holes.Append((exception.Offset, next)).Order()];
        _reader.Clear();
        _hasSteppedOver = true;
        _damage.Add($"{segment.Name} is damaged from byte {exception.Offset} to {next}.");
    }
}

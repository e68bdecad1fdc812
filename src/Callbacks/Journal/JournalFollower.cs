using Callbacks.Journal.Disk;
using Callbacks.Journal.Log;
using Callbacks.Journal.Pending;
using Callbacks.Time;

namespace Callbacks.Journal;

/// <summary>
/// Follows the log, on a thread of its own: brings every callback to the pending table when it has become durable, visits it again at
/// growing ages until all its sightings have an outcome, and deletes segments in which everything is settled. Cursors that trail
/// the tail by those ages do it, so that what is pending takes no memory, and each round reads the log from front to back.
/// </summary>
sealed partial class JournalFollower : ICoverage, IDisposable
{
    /// <summary>
    /// Ages of the visits in seconds, as far as they are below the retention; beyond them each is half as much again. Lookups take 0.3 to
    /// 4.3 s, so most callbacks are settled within the first few; a visit to a callback that is not costs the look at one id.
    /// </summary>
    static readonly double[] VisitAgesSeconds = [0.25, 0.5, 1, 1.5, 2, 2.5, 3, 3.5, 4, 4.5, 5, 6, 7, 8, 10, 12, 16, 20, 25];

    /// <summary>Groups that one cursor goes through before the others have their turn.</summary>
    const int GroupsPerTurn = 32;

    static readonly TimeSpan IdleWait = TimeSpan.FromSeconds(1);
    static readonly TimeSpan RetryWait = TimeSpan.FromMilliseconds(10);

    /// <summary>Later visits are made in batches: the log is read in chunks, and one that serves a single small group is wasted.</summary>
    static readonly TimeSpan MinVisitWait = TimeSpan.FromMilliseconds(50);
    static readonly TimeSpan FailureWait = TimeSpan.FromSeconds(1);

    readonly IJournalDisk _disk;
    readonly SegmentList _segments;
    readonly SegmentSupply _supply;
    readonly JournalWriter _writer;
    readonly Balance _balance;
    readonly PendingTable _table;
    readonly ServiceTime _time;
    readonly TimeSpan _retention;
    readonly ILogger<JournalFollower> _logger;
    readonly Thread _thread;
    readonly CancellationTokenSource _stop = new();

    readonly GroupReader _reader = new();
    readonly Cursor _arrivals;
    readonly Cursor _backlog;
    readonly Segment _firstOfThisLife;
    readonly (TimeSpan Age, Cursor Cursor)[] _visits;
    readonly Cursor _last;
    readonly List<ulong> _marks = [];
    readonly long[] _expired = new long[Enum.GetValues<LookupFailure>().Length];

    // Held while a segment's file goes away, or is read by another thread than this one.
    readonly Lock _files = new();
    readonly List<string> _damage;
    Instant _nextVisits;
    long _readUpTo;
    long _oldestPending;
    Task _recovery = Task.CompletedTask;
    volatile bool _isScanned;
    volatile bool _isFollowing;

    public JournalFollower(
        IJournalDisk disk, SegmentList segments, SegmentSupply supply, JournalWriter writer, Balance balance, PendingTable table,
        ServiceTime time, TimeSpan retention, Segment firstOfThisLife, Instant lastReceived, IReadOnlyList<string> damage, ILogger<JournalFollower> logger)
    {
        (_disk, _segments, _supply, _writer, _balance, _table, _time, _retention, _logger) = (disk, segments, supply, writer, balance, table, time, retention, logger);
        _firstOfThisLife = firstOfThisLife;
        _readUpTo = lastReceived.Microseconds;
        _damage = [.. damage];
        _arrivals = new Cursor(segments, _reader, firstOfThisLife);
        _backlog = new Cursor(segments, _reader, segments.Oldest);
        _last = new Cursor(segments, _reader, segments.Oldest);
        _visits = [.. VisitAges(retention).Select(age => (age, new Cursor(segments, _reader, segments.Oldest)))];
        _thread = new Thread(Run) { IsBackground = true, Name = "journal follower" };
    }

    /// <param name="recovery">Checks the segments of earlier lives; what they hold is read after it.</param>
    public void Start(Func<CancellationToken, List<string>> recovery)
    {
        _recovery = Task.Factory.StartNew(() => Recover(recovery), CancellationToken.None, TaskCreationOptions.LongRunning, TaskScheduler.Default);
        _thread.Start();
    }

    public bool IsRecovering => !_isFollowing;

    public Instant? OldestPending => Volatile.Read(ref _oldestPending) is var time and not 0 ? new Instant(time) : null;

    public IReadOnlyList<string> Damage
    {
        get
        {
            lock (_damage)
                return [.. _damage];
        }
    }

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
    public void FindCovered(ReadOnlySpan<long> ids, Instant since, ReadOnlySpan<Instant> receivedBy, Span<bool> covered)
    {
        var absent = new Dictionary<long, Instant>();
        _table.FindCovered(ids, since, receivedBy, covered, absent);
        Instant unfitUpTo = _table.UnfitUpTo;
        if (absent.Count == 0 || unfitUpTo <= since)
            return;

        HashSet<long> named = FindNamed(absent, since, unfitUpTo);
        for (int i = 0; i < ids.Length; i++)
            covered[i] |= named.Contains(ids[i]);
    }

    public void Dispose()
    {
        _stop.Cancel();
        if (_thread.IsAlive)
            _thread.Join();
        _recovery.Wait();
        _stop.Dispose();
    }

    /// <summary>One turn of every cursor. Returns how long there is nothing to do, unless the writer says otherwise.</summary>
    public TimeSpan RunOnce()
    {
        Instant now = _time.Now;
        TimeSpan wait = Follow(_arrivals, Visit.Arrival, now, TimeSpan.Zero, null);
        if (_isScanned && !_isFollowing)
        {
            ReadBacklog(now);
            return TimeSpan.Zero;
        }

        if (_isFollowing && now >= _nextVisits)
        {
            TimeSpan due = VisitAgain(now);
            _nextVisits = now + (due > MinVisitWait || due == TimeSpan.Zero ? due : MinVisitWait);
        }

        if (_marks.Count > 0)
        {
            _writer.Mark(_marks);
            _marks.Clear();
        }

        TimeSpan untilVisits = _isFollowing ? _nextVisits - now : IdleWait;
        return untilVisits < wait ? untilVisits : wait;
    }

    /// <summary>A turn of the cursors that trail the arrivals. Returns when the next is due.</summary>
    TimeSpan VisitAgain(Instant now)
    {
        TimeSpan wait = SettleOldest(now);
        foreach ((TimeSpan age, Cursor cursor) in _visits)
        {
            cursor.CatchUpWith(_last);
            TimeSpan due = Follow(cursor, Visit.Again, now, age, _arrivals);
            wait = due < wait ? due : wait;
            Follow(_arrivals, Visit.Arrival, now, TimeSpan.Zero, null);
        }

        DeleteSettled();
        return wait;
    }

    static IEnumerable<TimeSpan> VisitAges(TimeSpan retention)
    {
        IEnumerable<double> seconds = VisitAgesSeconds;
        for (double age = VisitAgesSeconds[^1] * 1.5; age < retention.TotalSeconds; age *= 1.5)
            seconds = seconds.Append(age);
        // One at least, however short the retention.
        return seconds.Select(TimeSpan.FromSeconds).Where(age => age < retention).DefaultIfEmpty(retention / 2);
    }

    void Run()
    {
        while (!_stop.IsCancellationRequested)
        {
            TimeSpan wait;
            try
            {
                wait = RunOnce();
            }
            catch (DamagedGroupException exception)
            {
                StepOver(exception);
                wait = TimeSpan.Zero;
            }
            catch (Exception exception)
            {
                Log.Failed(_logger, exception);
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

    void Recover(Func<CancellationToken, List<string>> recovery)
    {
        try
        {
            AddDamage(recovery(_stop.Token));
            _isScanned = true;
            _writer.Advanced.Set();
        }
        catch (OperationCanceledException)
        {
            // The service stops; the next start begins again.
        }
        catch (Exception exception)
        {
            // Without its past the journal can accept, but nothing may be swept or deleted: it stays recovering, loudly.
            Log.RecoveryFailed(_logger, exception);
            AddDamage([$"Earlier segments could not be read: {exception.Message}"]);
        }
    }

    /// <summary>Visits the groups that are old enough. Returns zero when there is more to do at once, else when the next one is due.</summary>
    TimeSpan Follow(Cursor cursor, Visit visit, Instant now, TimeSpan age, Cursor? behind)
    {
        for (int groups = 0; groups < GroupsPerTurn; groups++)
        {
            if ((behind is not null && !cursor.IsBehind(behind)) || !cursor.TryPeek(out GroupHeader header))
                return IdleWait;
            Instant due = header.LastReceived + age;
            if (due > now && age > TimeSpan.Zero)
                return due - now;

            VisitGroup(cursor, header, visit, now);
            cursor.Advance();
            if (visit == Visit.Arrival && header.Callbacks > 0)
            {
                Volatile.Write(ref _readUpTo, header.LastReceived.Microseconds);
                _nextVisits = Instant.Min(_nextVisits, now + _visits[0].Age);
            }
        }

        return TimeSpan.Zero;
    }

    /// <summary>True when every callback of the group is settled afterwards.</summary>
    bool VisitGroup(Cursor cursor, in GroupHeader header, Visit visit, Instant now)
    {
        if (header.Callbacks == 0 || cursor.Segment.Settled.ContainsAll(header.FirstNumber, header.Callbacks))
            return true;

        bool isSettled = true;
        var frames = new FrameReader(cursor.Read());
        while (frames.Next())
        {
            if (frames.Kind != Layout.CallbackKind || cursor.Segment.Settled.Contains(frames.Callback.Number))
                continue;
            if (_table.Visit(frames.Callback, visit, now, out OutcomeCounts outcomes, _expired))
                Settle(cursor.Segment, frames.Callback.Number, outcomes);
            else
                isSettled = false;
        }

        return isSettled;
    }

    void Settle(Segment segment, ulong number, in OutcomeCounts outcomes)
    {
        segment.Settled.Add(number);
        _marks.Add(number);
        _balance.Settle(segment, outcomes);
        if (outcomes.Expired == 0)
            return;
        for (byte failure = 0; failure < _expired.Length; failure++)
        {
            if (_expired[failure] > 0)
                _balance.CountExpired(failure, _expired[failure]);
            _expired[failure] = 0;
        }
    }

    /// <summary>Reads what earlier lives left unsettled, which is pending from now on.</summary>
    void ReadBacklog(Instant now)
    {
        for (int groups = 0; groups < GroupsPerTurn; groups++)
        {
            if (_backlog.Segment.Number >= _firstOfThisLife.Number || !_backlog.TryPeek(out GroupHeader header) || _backlog.Segment.Number >= _firstOfThisLife.Number)
            {
                _isFollowing = true;
                long pending = _balance.Snapshot().PendingAtStart;
                Log.Recovered(_logger, _segments.Count, pending);
                return;
            }

            if (header.Callbacks > 0 && !_backlog.Segment.Settled.ContainsAll(header.FirstNumber, header.Callbacks))
                CountBacklog(_backlog.Segment, _backlog.Read());
            // What has outlived its retention is left to the last visit, which follows.
            if (header.LastReceived + _retention > now)
                VisitGroup(_backlog, header, Visit.Arrival, now);
            _backlog.Advance();
        }
    }

    void CountBacklog(Segment segment, ReadOnlySpan<byte> group)
    {
        long callbacks = 0, sightings = 0;
        var frames = new FrameReader(group);
        while (frames.Next())
        {
            if (frames.Kind != Layout.CallbackKind || segment.Settled.Contains(frames.Callback.Number))
                continue;
            callbacks++;
            sightings += frames.Callback.Ids.Length;
        }

        _balance.Recover(segment, callbacks, sightings);
    }

    /// <summary>Moves the last cursor over what is settled, and expires what has outlived its retention. Returns when to come again.</summary>
    TimeSpan SettleOldest(Instant now)
    {
        for (int groups = 0; groups < GroupsPerTurn * 4; groups++)
        {
            if (!_last.IsBehind(_arrivals) || !_last.TryPeek(out GroupHeader header))
            {
                Volatile.Write(ref _oldestPending, 0);
                _table.Release(ReadUpTo());
                return IdleWait;
            }

            if (header.Callbacks > 0 && !_last.Segment.Settled.ContainsAll(header.FirstNumber, header.Callbacks))
            {
                TimeSpan left = header.LastReceived + _retention - now;
                bool isSettled = left <= TimeSpan.Zero && VisitGroup(_last, header, Visit.Last, now);
                if (!isSettled)
                {
                    Instant oldest = OldestUnsettled(header);
                    Volatile.Write(ref _oldestPending, oldest.Microseconds);
                    _table.Release(oldest);
                    // A last visit that found a batch being written comes again when that may be done.
                    return left > TimeSpan.Zero ? left : RetryWait;
                }
            }

            _last.Advance();
        }

        return TimeSpan.Zero;
    }

    Instant OldestUnsettled(in GroupHeader header)
    {
        var frames = new FrameReader(_last.Read());
        while (frames.Next())
        {
            if (frames.Kind == Layout.CallbackKind && !_last.Segment.Settled.Contains(frames.Callback.Number))
                return frames.Callback.ReceivedAt;
        }

        return header.LastReceived;
    }

    void DeleteSettled()
    {
        while (_segments.Oldest is var oldest && oldest.Number < _last.Segment.Number)
        {
            _backlog.CatchUpWith(_last);
            foreach ((_, Cursor cursor) in _visits)
                cursor.CatchUpWith(_last);
            _reader.Clear();
            lock (_files)
            {
                // Oldest first, each before the next: what is found later has no gap that is not a loss.
                if (oldest.Holes.Count > 0)
                    _disk.Rename(oldest.Name, oldest.DamagedName);
                else
                    _disk.Delete(oldest.Name);
                _disk.FlushFolder();
                _segments.RemoveOldest();
                oldest.Dispose();
            }

            _balance.Forget(oldest);
            _supply.Wake();
        }
    }

    /// <summary>Which of the ids are named by a callback on disk that is not settled and was received by the time given for the id.</summary>
    HashSet<long> FindNamed(Dictionary<long, Instant> ids, Instant since, Instant upTo)
    {
        var named = new HashSet<long>();
        lock (_files)
        {
            var cursor = new Cursor(_segments, new GroupReader(), _segments.Oldest);
            while (named.Count < ids.Count && cursor.TryPeek(out GroupHeader header))
            {
                if (header.Callbacks > 0 && header.LastReceived > since && !cursor.Segment.Settled.ContainsAll(header.FirstNumber, header.Callbacks))
                {
                    var frames = new FrameReader(cursor.Read());
                    while (frames.Next())
                    {
                        if (frames.Kind != Layout.CallbackKind || frames.Callback.ReceivedAt <= since || cursor.Segment.Settled.Contains(frames.Callback.Number))
                            continue;
                        if (frames.Callback.ReceivedAt > upTo)
                            return named;
                        foreach (long id in frames.Callback.Ids)
                        {
                            if (ids.TryGetValue(id, out Instant receivedBy) && frames.Callback.ReceivedAt <= receivedBy)
                                named.Add(id);
                        }
                    }
                }

                cursor.Advance();
            }
        }

        return named;
    }

    void StepOver(DamagedGroupException exception)
    {
        Segment segment = exception.Segment;
        long next = SegmentScan.FindGroup(segment, exception.Offset + Layout.BlockBytes, segment.End, 1, new GroupReader(), out _);
        segment.Holes = [.. segment.Holes.Append((exception.Offset, next)).Order()];
        _reader.Clear();
        AddDamage([$"{segment.Name} is damaged from byte {exception.Offset} to {next}."]);
    }

    void AddDamage(List<string> damage)
    {
        lock (_damage)
            _damage.AddRange(damage);
        foreach (string sentence in damage)
            Log.Damaged(_logger, sentence);
    }

    static partial class Log
    {
        [LoggerMessage(Level = LogLevel.Information, Message = "The journal is read: {Segments} segments, {Sightings} sightings of earlier lives are pending.")]
        public static partial void Recovered(ILogger logger, int segments, long sightings);

        [LoggerMessage(Level = LogLevel.Critical, Message = "The journal is damaged, and what is whole in it is used: {Damage}")]
        public static partial void Damaged(ILogger logger, string damage);

        [LoggerMessage(Level = LogLevel.Critical, Message = "Earlier segments of the journal could not be read; callbacks are accepted, nothing is swept.")]
        public static partial void RecoveryFailed(ILogger logger, Exception exception);

        [LoggerMessage(Level = LogLevel.Error, Message = "Following the journal failed and goes on in a second.")]
        public static partial void Failed(ILogger logger, Exception exception);
    }
}

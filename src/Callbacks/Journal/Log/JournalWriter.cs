using Callbacks.Journal.Disk;
using Callbacks.Time;

namespace Callbacks.Journal.Log;

/// <summary>
/// Group commit: callers copy their callbacks into the open group, one thread writes and flushes it, and everything that arrived
/// meanwhile is the next group. There is no timer: a lone callback is written at once, and groups grow with the load.
/// </summary>
sealed partial class JournalWriter : ICallbackLog, IDisposable
{
    static readonly TimeSpan WatchdogPeriod = TimeSpan.FromMilliseconds(50);
    static readonly TimeSpan ProbeDelay = TimeSpan.FromSeconds(1);
    static readonly TimeSpan SpareWait = TimeSpan.FromMilliseconds(50);

    readonly SegmentList _segments;
    readonly SegmentSupply _supply;
    readonly Balance _balance;
    readonly ServiceTime _time;
    readonly ILogger<JournalWriter> _logger;
    readonly int _groupBytesMax;
    readonly Thread _thread;
    readonly ITimer _watchdog;

    // The gate covers what callers and the writer's thread share. The groups move open -> full -> writing -> empty.
    readonly object _gate = new();
    readonly Queue<GroupBuffer> _full = new();
    readonly Stack<GroupBuffer> _empty = new();
    readonly List<ulong> _marks = [];
    GroupBuffer _open;
    GroupBuffer? _writing;
    ulong _lastNumber;
    Instant _lastReceived;
    Instant _lastDurable;
    long _queuedBytes;
    bool _isIdle;
    bool _stopping;
    string? _problem;

    // The writer's own.
    Segment? _segment;
    readonly ulong _startNumber;
    ulong _groupNumber;

    /// <param name="start">The fresh segment of this life; its header is durable.</param>
    public JournalWriter(
        SegmentList segments, SegmentSupply supply, Balance balance, ServiceTime time, TimeProvider timers,
        JournalOptions options, Segment start, ulong lastNumber, Instant lastReceived, ILogger<JournalWriter> logger)
    {
        (_segments, _supply, _balance, _time, _logger) = (segments, supply, balance, time, logger);
        (_segment, _lastNumber, _lastReceived, _lastDurable) = (start, lastNumber, lastReceived, lastReceived);
        _startNumber = start.Number;
        Tag = start.Tag;
        _groupBytesMax = JournalOptions.GroupBytesMax(options.SegmentBytes);
        _open = new GroupBuffer(_groupBytesMax);
        _thread = new Thread(Run) { IsBackground = true, Name = "journal writer" };
        _watchdog = timers.CreateTimer(_ => RefuseLate(), null, WatchdogPeriod, WatchdogPeriod);
    }

    public uint Tag { get; }

    /// <summary>Set when there may be something to read: a group became durable, or a segment was left.</summary>
    public Signal Advanced { get; } = new();

    /// <summary>Why appends are being refused; null while all is well.</summary>
    public string? Problem
    {
        get
        {
            lock (_gate)
                return _problem ?? (_segment is null ? _supply.Problem : null);
        }
    }

    public void Start() => _thread.Start();

    /// <inheritdoc/>
    public ValueTask<Receipt> AppendAsync(ReadOnlySpan<long> ids)
    {
        int bytes = Layout.CallbackBytes(ids.Length);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(bytes, _groupBytesMax - Layout.GroupHeaderBytes, nameof(ids));
        Instant now = _time.Now;
        lock (_gate)
        {
            if (_stopping || _queuedBytes + bytes > JournalOptions.QueuedBytesMax)
                return ValueTask.FromResult(default(Receipt));

            // Numbers of one group follow each other without a gap, receive times ascend strictly.
            ulong number = ++_lastNumber;
            Instant receivedAt = _lastReceived = now > _lastReceived ? now : new Instant(_lastReceived.Microseconds + 1);

            if (!_open.HasRoom(bytes))
            {
                _full.Enqueue(_open);
                _open = _empty.TryPop(out GroupBuffer? empty) ? empty : new GroupBuffer(_groupBytesMax);
            }

            PendingAppend append = PendingAppend.Rent(number, receivedAt);
            _open.Add(number, receivedAt, ids, append);
            _queuedBytes += bytes;
            if (_isIdle)
                Monitor.Pulse(_gate);
            return append.Task;
        }
    }

    /// <summary>Marks a callback settled. The mark rides on the next group; losing it to a crash costs a repetition, nothing else.</summary>
    public void Mark(List<ulong> settledNumbers)
    {
        lock (_gate)
        {
            bool first = _marks.Count == 0;
            _marks.AddRange(settledNumbers);
            if (_isIdle && first)
                Monitor.Pulse(_gate);
        }
    }

    /// <summary>
    /// Every callback received up to this moment is durable or refused; what is durable was received no later than
    /// <paramref name="lastDurable"/>.
    /// </summary>
    public Instant DecidedUpTo(out Instant lastDurable)
    {
        Instant now = _time.Now;
        lock (_gate)
        {
            lastDurable = _lastDurable;
            GroupBuffer? oldest = _writing ?? (_full.TryPeek(out GroupBuffer? full) ? full : _open);
            // A group of marks alone is no reason to wait.
            if (oldest.IsEmpty)
                oldest = _full.TryPeek(out full) ? full : _open;
            if (!oldest.IsEmpty)
                return Instant.Min(now, oldest.FirstReceived - TimeSpan.FromMicroseconds(1));
            // Who has read the clock already, and comes through the gate after us, gets a later time than the one that we promise.
            _lastReceived = Instant.Max(_lastReceived, now);
            return now;
        }
    }

    /// <summary>Refuses what comes from now on, writes what has come, and ends the thread.</summary>
    public void Dispose()
    {
        lock (_gate)
        {
            _stopping = true;
            Monitor.Pulse(_gate);
        }

        if (_thread.IsAlive)
            _thread.Join();
        _watchdog.Dispose();
        RefuseAll();
        Advanced.Dispose();
    }

    void Run()
    {
        while (TakeGroup() is { } group)
        {
            if (PrepareSegment(group) is { } segment)
                Write(segment, group);
            else
                GiveBackMarks(group);
            Recycle(group);
        }
    }

    GroupBuffer? TakeGroup()
    {
        lock (_gate)
        {
            bool waited = false;
            while (_full.Count == 0 && _open.IsEmpty)
            {
                // Marks alone are written when nothing else came for a while, and at the end. While writing fails an empty group is tried
                // now and then: whoever asks whether we are ready may send nothing until we are.
                if (waited || (_stopping && _marks.Count > 0))
                    break;
                if (_stopping)
                    return null;
                _isIdle = true;
                if (_marks.Count > 0)
                    waited = !Monitor.Wait(_gate, JournalOptions.IdleMarkDelay);
                else if (_problem is not null)
                    waited = !Monitor.Wait(_gate, ProbeDelay);
                else
                    Monitor.Wait(_gate);
                _isIdle = false;
            }

            if (!_full.TryDequeue(out GroupBuffer? group))
            {
                group = _open;
                _open = _empty.TryPop(out GroupBuffer? empty) ? empty : new GroupBuffer(_groupBytesMax);
            }

            group.TakeMarks(_marks);
            return _writing = group;
        }
    }

    /// <summary>The segment with room for the group, or null when nobody waits for the group any more or the journal stops.</summary>
    Segment? PrepareSegment(GroupBuffer group)
    {
        if (_segment is not null && _segment.End + Layout.WholeBlocks(group.Length) > _segment.Bytes)
            Leave();

        while (_segment is null)
        {
            if (_supply.TryTake(SpareWait, out ulong number, out IJournalFile file))
            {
                _segment = new Segment(number, Tag, file, file.Length);
                _groupNumber = 0;
                _segments.Add(_segment);
            }
            else if (group.Appends.TrueForAll(append => append.IsCompleted))
            {
                return null;
            }
        }

        return _segment;
    }

    void Write(Segment segment, GroupBuffer group)
    {
        // The header goes out with the first group, in one write; the segment that a life starts with has got its own already.
        bool isFirst = _groupNumber == 0 && segment.Number != _startNumber;
        SegmentHeader? header = isFirst ? NewHeader(segment) : null;
        ReadOnlySpan<byte> bytes = group.Complete(_groupNumber + 1, Tag, segment.Number, header);
        try
        {
            segment.File.Write(bytes, segment.End - (isFirst ? Layout.SegmentHeaderBytes : 0));
            segment.File.Flush();
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            // What the file holds beyond its last good end nobody knows, and asking it again proves nothing: leave it for good.
            if (group.Callbacks > 0 || Problem is null)
                Log.GroupRefused(_logger, group.Callbacks, segment.Name, exception.Message);
            Leave();
            GiveBackMarks(group);
            lock (_gate)
            {
                _problem = exception.Message;
                _writing = null;
            }

            foreach (PendingAppend append in group.Appends)
                append.Complete(isDurable: false);
            return;
        }

        _groupNumber++;
        if (group.Callbacks > 0)
            _balance.Acknowledge(segment, group.Callbacks, group.Sightings);

        lock (_gate)
        {
            segment.End += Layout.WholeBlocks(group.Length);
            if (group.Callbacks > 0)
                _lastDurable = group.LastReceived;
            _writing = null;
            if (_problem is not null)
                Log.WritesAgain(_logger);
            _problem = null;
        }

        foreach (PendingAppend append in group.Appends)
            append.Complete(isDurable: true);
        Advanced.Set();
    }

    SegmentHeader NewHeader(Segment segment)
    {
        ulong lastNumber;
        Instant lastReceived;
        lock (_gate)
            (lastNumber, lastReceived) = (_lastNumber, _lastReceived);
        return SegmentHeader.For(segment, _segments, lastNumber, lastReceived);
    }

    void Leave()
    {
        if (_segment is null)
            return;
        _segment.Seal();
        _segment = null;
        Advanced.Set();
    }

    void GiveBackMarks(GroupBuffer group)
    {
        lock (_gate)
        {
            // Without them the next life does some things again; waiting for a disk that may never come back is worse.
            if (!_stopping)
                _marks.AddRange(group.Marks);
        }
    }

    void Recycle(GroupBuffer group)
    {
        lock (_gate)
        {
            _writing = null;
            _queuedBytes -= Layout.CallbackHeaderBytes * (long)group.Callbacks + group.Sightings * sizeof(long);
            group.Clear();
            // One being filled, one being written, one to change over: more only while the disk can't keep up.
            if (_empty.Count < 2)
                _empty.Push(group);
        }
    }

    void RefuseLate()
    {
        Instant deadline = _time.Now - JournalOptions.AppendTimeout;
        lock (_gate)
        {
            if (_writing is not null)
                RefuseLate(_writing, deadline);
            foreach (GroupBuffer group in _full)
                RefuseLate(group, deadline);
            RefuseLate(_open, deadline);
        }
    }

    static void RefuseLate(GroupBuffer group, Instant deadline)
    {
        foreach (PendingAppend append in group.Appends)
        {
            if (append.ReceivedAt > deadline)
                break;
            append.TryRefuse();
        }
    }

    void RefuseAll()
    {
        lock (_gate)
        {
            foreach (GroupBuffer group in _full.Append(_open))
            {
                foreach (PendingAppend append in group.Appends)
                    append.Complete(isDurable: false);
            }
        }
    }

    static partial class Log
    {
        [LoggerMessage(Level = LogLevel.Error, Message = "{Callbacks} callbacks were refused: writing {Segment} failed, and it will not be used again. {Problem}")]
        public static partial void GroupRefused(ILogger logger, int callbacks, string segment, string problem);

        [LoggerMessage(Level = LogLevel.Information, Message = "The journal writes again.")]
        public static partial void WritesAgain(ILogger logger);
    }
}

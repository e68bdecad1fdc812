using Callbacks.Time;

namespace Callbacks.Journal.Log;

/// <summary>
/// What those who append and the writer's thread share: the group that is being filled, those that wait for the disk, and the settle
/// marks that will ride along. Groups move open -> full -> writing -> empty. All members are safe for use by several threads; those
/// that the writer calls say so.
/// </summary>
sealed class GroupQueue : IDisposable
{
    public const string TooSlow = "The disk has not taken it in time.";

    static readonly TimeSpan WatchdogPeriod = TimeSpan.FromMilliseconds(50);
    static readonly TimeSpan ProbeDelay = TimeSpan.FromSeconds(1);

    readonly object _gate = new();
    readonly Queue<GroupBuffer> _full = new();
    readonly Stack<GroupBuffer> _empty = new();
    readonly List<ulong> _marks = [];
    readonly ServiceTime _time;
    readonly AppendDeadline _deadline;
    readonly int _groupBytesMax;
    readonly ITimer _watchdog;
    GroupBuffer _open;
    GroupBuffer? _writing;
    ulong _lastNumber;
    Instant _lastReceived;
    Instant _lastDurable;
    long _queuedBytes;
    bool _isIdle;
    bool _stopping;
    string? _problem;

    /// <param name="problem">Why nothing could be written just now; null: there is no reason to think so.</param>
    public GroupQueue(ServiceTime time, TimeProvider timers, int groupBytesMax, ulong lastNumber, Instant lastReceived, string? problem)
    {
        (_problem, _deadline) = (problem, new AppendDeadline(time));
        (_time, _groupBytesMax, _lastNumber, _lastReceived, _lastDurable) = (time, groupBytesMax, lastNumber, lastReceived, lastReceived);
        _open = new GroupBuffer(groupBytesMax);
        _watchdog = timers.CreateTimer(_ => RefuseLate(), null, WatchdogPeriod, WatchdogPeriod);
    }

    /// <summary>Told the number of a callback that is refused, for it was not durable in time or would not be: the first of each look at those that wait.</summary>
    public Action<ulong>? OnLate { get; init; }

    /// <summary>Makes a buffer, unless there is no memory for it.</summary>
    public Func<int, GroupBuffer> Create { get; init; } = bytesMax => new GroupBuffer(bytesMax);

    /// <summary>Why the last group could not be written, or not in time; null when it could.</summary>
    public string? Problem
    {
        get
        {
            lock (_gate)
                return _problem;
        }
    }

    /// <summary>The highest number and receive time that were given away, durable or not.</summary>
    public (ulong Number, Instant Received) Last
    {
        get
        {
            lock (_gate)
                return (_lastNumber, _lastReceived);
        }
    }

    /// <inheritdoc cref="ICallbackLog.AppendAsync"/>
    public ValueTask<Receipt> AppendAsync(ReadOnlySpan<long> ids)
    {
        int width = PackedIds.WidthOf(ids);
        int bytes = Layout.CallbackBytes(ids.Length, width);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(bytes, _groupBytesMax - Layout.GroupHeaderBytes, nameof(ids));
        Instant now = _time.Now;
        lock (_gate)
        {
            if (_stopping || _queuedBytes + bytes > JournalOptions.QueuedBytesMax)
                return ValueTask.FromResult(default(Receipt));

            // Whatever takes memory comes first: when there is none, nothing has happened.
            if (!_open.HasRoom(bytes))
            {
                GroupBuffer next = NewGroup();
                _full.Enqueue(_open);
                _open = next;
            }

            // Numbers of one group follow each other without a gap, receive times ascend strictly.
            ulong number = _lastNumber + 1;
            Instant receivedAt = now > _lastReceived ? now : new Instant(_lastReceived.Microseconds + 1);
            PendingAppend append = PendingAppend.Rent(number, receivedAt);
            _open.Add(number, receivedAt, ids, width, append);
            (_lastNumber, _lastReceived) = (number, receivedAt);
            _queuedBytes += bytes;
            if (_isIdle)
                Monitor.Pulse(_gate);
            return append.Task;
        }
    }

    /// <summary>Marks callbacks settled. The marks ride on the next groups; losing one to a crash costs a repetition, nothing else.</summary>
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

    /// <summary>The writer's: waits until there is something to write. False when nothing will come any more.</summary>
    /// <param name="isDue">Whether marks alone are to be written, for nothing else came for a while, or an empty group, to see if the disk is back.</param>
    public bool Wait(out bool isDue)
    {
        isDue = false;
        lock (_gate)
        {
            while (_full.Count == 0 && _open.IsEmpty && !isDue)
            {
                if (_stopping)
                    return isDue = _marks.Count > 0;
                _isIdle = true;
                // Whoever asks whether we are ready may send nothing until we are.
                if (_marks.Count > 0)
                    isDue = !Monitor.Wait(_gate, JournalOptions.IdleMarkDelay);
                else if (_problem is not null)
                    isDue = !Monitor.Wait(_gate, ProbeDelay);
                else
                    Monitor.Wait(_gate);
                _isIdle = false;
            }

            return true;
        }
    }

    /// <summary>The writer's: the next group, with the marks that fit; null when there is none.</summary>
    /// <param name="isDue">See <see cref="Wait"/>.</param>
    public GroupBuffer? Take(bool isDue)
    {
        ulong? late = null;
        GroupBuffer? group;
        lock (_gate)
        {
            if (_full.Count == 0 && _open.IsEmpty && (!isDue || (_marks.Count == 0 && _problem is null)))
                return null;
            PassOverLate(ref late);
            if (!_full.TryDequeue(out group))
            {
                group = _open;
                _open = NewGroup();
            }

            group.TakeMarks(_marks);
            _writing = group;
        }

        if (late is { } number)
            OnLate?.Invoke(number);
        return group;
    }

    /// <summary>The writer's: the group is durable, and may be read from now on. Returns whether all is well: nothing was refused, here or lately.</summary>
    /// <param name="took">To write and to flush it.</param>
    public bool Written(GroupBuffer group, Segment segment, TimeSpan took)
    {
        lock (_gate)
        {
            // Together: who is told that it is durable must find it.
            segment.End += Layout.WholeBlocks(group.Length);
            if (group.Callbacks > 0)
                _lastDurable = group.LastReceived;
            _deadline.Written(took);
            _writing = null;
            if (_problem is not null && (!_deadline.KeepsUp || group.Appends.Exists(append => append.IsCompleted)))
                return false;
            _problem = null;
            return true;
        }
    }

    /// <summary>The writer's: the group is not durable, or nobody knows. Its marks ride on a later one.</summary>
    /// <param name="problem">What the disk said; null when there was no room to try.</param>
    public void NotWritten(GroupBuffer group, string? problem)
    {
        lock (_gate)
        {
            _problem = problem ?? _problem;
            _writing = null;
            // Without them the next life does some things again; waiting for a disk that may never come back is worse.
            if (!_stopping)
                _marks.AddRange(group.Marks);
        }
    }

    /// <summary>The writer's: nobody holds on to the group any more.</summary>
    public void Recycle(GroupBuffer group)
    {
        lock (_gate)
            Empty(group);
    }

    /// <summary>Refuses what comes from now on; what has come is still written.</summary>
    public void Stop()
    {
        lock (_gate)
        {
            _stopping = true;
            Monitor.Pulse(_gate);
        }
    }

    /// <summary>Refuses what is left, when the writer has ended.</summary>
    public void Dispose()
    {
        _watchdog.Dispose();
        lock (_gate)
        {
            foreach (GroupBuffer group in _full.Append(_open))
            {
                foreach (PendingAppend append in group.Appends)
                    append.Complete(isDurable: false);
            }
        }
    }

    GroupBuffer NewGroup() => _empty.TryPop(out GroupBuffer? empty) ? empty : Create(_groupBytesMax);

    void Empty(GroupBuffer group)
    {
        _queuedBytes -= group.CallbackBytes;
        group.Clear();
        // One being filled, one being written, one to change over: more only while the disk can't keep up.
        if (_empty.Count < 2)
            _empty.Push(group);
    }

    void PassOverLate(ref ulong? late)
    {
        // Behind a full one there is always another.
        while (_full.TryPeek(out GroupBuffer? group) && _deadline.PassesOver(group))
        {
            Refuse(group, group.LastReceived, ref late);
            Empty(_full.Dequeue());
        }
    }

    void RefuseLate()
    {
        ulong? late = null;
        lock (_gate)
        {
            foreach (GroupBuffer group in _writing is null ? _full.Append(_open) : [_writing, .. _full, _open])
                Refuse(group, _deadline.Late, ref late);
        }

        if (late is { } number)
            OnLate?.Invoke(number);
    }

    void Refuse(GroupBuffer group, Instant receivedBy, ref ulong? late)
    {
        if (group.Refuse(receivedBy) is not { } first)
            return;
        late ??= first;
        _problem ??= TooSlow;
    }
}

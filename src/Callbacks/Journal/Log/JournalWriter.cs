using Callbacks.Journal.Disk;
using Callbacks.Time;

namespace Callbacks.Journal.Log;

/// <summary>
/// Group commit: callers copy their callbacks into the open group, one thread writes and flushes it, and everything that arrived
/// meanwhile is the next group. There is no timer: a lone callback is written at once, and groups grow with the load.
/// </summary>
sealed class JournalWriter : ICallbackLog, IDisposable
{
    static readonly TimeSpan SpareWait = TimeSpan.FromMilliseconds(50);

    readonly SegmentList _segments;
    readonly SegmentSupply _supply;
    readonly Balance _balance;
    readonly GroupQueue _queue;
    readonly TimeProvider _timers;
    readonly Acceptance _acceptance;
    readonly Thread _thread;
    readonly ulong _startNumber;
    volatile Segment? _segment;
    GroupBuffer? _group;
    ulong _groupNumber;

    /// <param name="start">The fresh segment of this life, whose header is durable; null: there was no room for one yet.</param>
    public JournalWriter(
        SegmentList segments, SegmentSupply supply, Balance balance, ServiceTime time, TimeProvider timers,
        JournalOptions options, uint tag, Segment? start, ulong lastNumber, Instant lastReceived, ILogger<JournalWriter> logger)
    {
        (_segments, _supply, _balance, _timers) = (segments, supply, balance, timers);
        (_segment, _startNumber, Tag) = (start, start?.Number ?? 0, tag);
        _acceptance = new Acceptance(tag, timers, logger);
        // Without a segment to start with it finds out by itself, without waiting for a callback, when there is one.
        _queue = new GroupQueue(
            time, timers, JournalOptions.GroupBytesMax(options.SegmentBytes), lastNumber, lastReceived, start is null ? "The start found no room for a segment." : null)
        {
            OnLate = number => _acceptance.Refused(number, Problem ?? GroupQueue.TooSlow),
        };
        _thread = new Thread(Run) { IsBackground = true, Name = "journal writer" };
    }

    public uint Tag { get; }

    /// <summary>Told how long each group's write and flush took, whether or not it became durable; for a histogram. Set before the start.</summary>
    public Action<TimeSpan>? OnFlushed { get; init; }

    /// <summary>Set when there may be something to read: a group became durable, or a segment was left.</summary>
    public Signal Advanced { get; } = new();

    /// <summary>Why appends are being refused; null while all is well.</summary>
    public string? Problem => (_segment is null ? _supply.Problem : null) ?? _queue.Problem;

    public void Start() => _thread.Start();

    /// <inheritdoc/>
    public ValueTask<Receipt> AppendAsync(ReadOnlySpan<long> ids) => _queue.AppendAsync(ids);

    /// <inheritdoc cref="GroupQueue.Mark"/>
    public void Mark(List<ulong> settledNumbers) => _queue.Mark(settledNumbers);

    /// <inheritdoc cref="GroupQueue.DecidedUpTo"/>
    public Instant DecidedUpTo(out Instant lastDurable) => _queue.DecidedUpTo(out lastDurable);

    /// <summary>Refuses what comes from now on, writes what has come, and ends the thread.</summary>
    public void Dispose()
    {
        _queue.Stop();
        if (_thread.IsAlive)
            _thread.Join();
        _queue.Dispose();
        Advanced.Dispose();
    }

    /// <summary>Writes one group. False when there is none, or no segment to write it to.</summary>
    /// <param name="isDue">See <see cref="GroupQueue.Wait"/>.</param>
    public bool RunOnce(bool isDue)
    {
        _group ??= _queue.Take(isDue);
        if (_group is null)
            return false;

        if (FindRoom(_group) is { } segment)
            Write(segment, _group);
        // Somebody waits for it: there may be room in time.
        else if (_group.Appends.Exists(append => !append.IsCompleted))
            return false;
        else
            _queue.NotWritten(_group, null);

        _queue.Recycle(_group);
        _group = null;
        return true;
    }

    void Run()
    {
        bool isDue = false;
        while (true)
        {
            // A thread that has waited for the disk is let in before all that are at work. It lets them go first: what they append meanwhile shares the
            // flush, and on two cores under load groups are several times as large. When nobody is at work this takes no time.
            Thread.Yield();
            if (RunOnce(isDue))
                isDue = false;
            else if (_group is not null)
                _supply.WaitForSpare(SpareWait);
            else if (!_queue.Wait(out isDue))
                return;
        }
    }

    Segment? FindRoom(GroupBuffer group)
    {
        if (_segment is not null && _segment.End + Layout.WholeBlocks(group.Length) > _segment.Bytes)
            Leave();

        if (_segment is null && _supply.TryTake(out ulong number, out IJournalFile file))
        {
            _segment = new Segment(number, Tag, file, file.Length);
            _groupNumber = 0;
            _segments.Add(_segment);
            _supply.Wake();
        }

        return _segment;
    }

    void Write(Segment segment, GroupBuffer group)
    {
        // The header goes out with the first group, in one write; the segment that a life starts with has got its own already.
        bool isFirst = _groupNumber == 0 && segment.Number != _startNumber;
        (ulong lastNumber, Instant lastReceived) = _queue.Last;
        SegmentHeader? header = isFirst ? SegmentHeader.For(segment, _segments, lastNumber, lastReceived) : null;
        ReadOnlySpan<byte> bytes = group.Complete(_groupNumber + 1, Tag, segment.Number, header);
        long start = _timers.GetTimestamp();
        TimeSpan took;
        try
        {
            segment.File.Write(bytes, segment.End - (isFirst ? Layout.SegmentHeaderBytes : 0));
            segment.File.Flush();
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            // What the file holds beyond its last good end nobody knows, and asking it again proves nothing: leave it for good.
            _acceptance.Refused(FirstOf(group), $"Writing {segment.Name} failed, and it will not be used again: {exception.Message}");
            Leave();
            GiveBackRoom(segment);
            _queue.NotWritten(group, exception.Message);
            foreach (PendingAppend append in group.Appends)
                append.Complete(isDurable: false);
            return;
        }
        finally
        {
            took = _timers.GetElapsedTime(start);
            OnFlushed?.Invoke(took);
        }

        _groupNumber++;
        segment.HeaderIsDurable();
        if (group.Callbacks > 0)
            _balance.Acknowledge(segment, group.Callbacks, group.Sightings);
        bool isWell = _queue.Written(group, segment, took);
        if (_acceptance.IsRefusing && isWell)
            _acceptance.Accepted(FirstOf(group));
        foreach (PendingAppend append in group.Appends)
            append.Complete(isDurable: true);
        Advanced.Set();
    }

    /// <summary>While each first write fails, segments that hold nothing must not use up the journal's room: none of them may go before one is written.</summary>
    void GiveBackRoom(Segment segment)
    {
        if (segment.HasHeader)
            return;
        try
        {
            segment.File.Shorten(Layout.SegmentHeaderBytes);
            _segments.Shortened(segment, Layout.SegmentHeaderBytes);
            // Nobody reads it, and there may come to be thousands.
            segment.Dispose();
            _supply.Wake();
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            // It takes room, then, until it goes.
        }
    }

    /// <summary>The next callback's number, when there is none in the group.</summary>
    ulong FirstOf(GroupBuffer group) => group.Callbacks > 0 ? group.FirstNumber : _queue.Last.Number + 1;

    void Leave()
    {
        if (_segment is null)
            return;
        _segment.Seal();
        _segment = null;
        Advanced.Set();
    }
}

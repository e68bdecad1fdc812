using Callbacks.Journal.Log;
using Callbacks.Journal.Pending;
using Callbacks.Time;

namespace Callbacks.Journal;

/// <summary>The rear of the log: moves over what is settled, and expires what has outlived its retention. What lies behind it can go.</summary>
sealed class LastVisits(SegmentList segments, GroupReader reader, GroupVisitor visitor, PendingTable table, TimeSpan retention)
{
    const int GroupsPerTurn = 128;
    static readonly TimeSpan IdleWait = TimeSpan.FromSeconds(1);
    static readonly TimeSpan RetryWait = TimeSpan.FromMilliseconds(10);

    long _oldestPending;

    public Cursor Cursor { get; } = new(segments, reader, segments.Oldest);

    /// <summary>Receive time of the oldest callback that is not settled; null when all are. Safe for use by several threads.</summary>
    public Instant? OldestPending => Volatile.Read(ref _oldestPending) is var time and not 0 ? new Instant(time) : null;

    /// <summary>Returns when to come again.</summary>
    /// <param name="arrivals">What has not arrived yet is not visited.</param>
    /// <param name="readUpTo">See <see cref="ICoverage.ReadUpTo"/>.</param>
    public TimeSpan RunOnce(Instant now, Cursor arrivals, Func<Instant> readUpTo)
    {
        for (int groups = 0; groups < GroupsPerTurn; groups++)
        {
            if (!Cursor.IsBehind(arrivals) || !Cursor.TryPeek(out GroupHeader header))
            {
                Volatile.Write(ref _oldestPending, 0);
                Instant read = readUpTo();
                return table.Release(read, read) ? TimeSpan.Zero : IdleWait;
            }

            if (!GroupVisitor.IsSettled(Cursor.Segment, header))
            {
                TimeSpan left = header.LastReceived + retention - now;
                bool isSettled = left <= TimeSpan.Zero && visitor.Visit(Cursor, header, VisitKind.Last, now).Pending == 0;
                if (!isSettled)
                {
                    Instant oldest = OldestUnsettled(header);
                    Volatile.Write(ref _oldestPending, oldest.Microseconds);
                    if (table.Release(oldest, readUpTo()))
                        return TimeSpan.Zero;
                    // A last visit that found a batch being written comes again when that may be done.
                    return left > TimeSpan.Zero ? left : RetryWait;
                }
            }

            Cursor.Advance();
        }

        return TimeSpan.Zero;
    }

    Instant OldestUnsettled(in GroupHeader header)
    {
        var frames = new FrameReader(Cursor.Read());
        while (frames.Next())
        {
            if (frames.Kind == Layout.CallbackKind && !Cursor.Segment.Settled.Contains(frames.Callback.Number))
                return frames.Callback.ReceivedAt;
        }

        return header.LastReceived;
    }
}

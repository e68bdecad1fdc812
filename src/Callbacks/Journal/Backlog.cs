using Callbacks.Journal.Log;
using Callbacks.Journal.Pending;
using Callbacks.Time;

namespace Callbacks.Journal;

/// <summary>Brings what earlier lives left unsettled to the pending table and into the books, once, oldest first, while new callbacks come in.</summary>
/// <param name="firstNumber">Of this life's segments.</param>
/// <param name="begun">When this life began. What ran out since covers rows until then.</param>
sealed class Backlog(SegmentList segments, GroupReader reader, ulong firstNumber, TimeSpan retention, GroupVisitor visitor, Balance balance, Instant begun)
{
    readonly Cursor _cursor = new(segments, reader, segments.Oldest);

    /// <summary>Reads a number of groups. True when there are no more.</summary>
    public bool Read(int groups, Instant now)
    {
        for (; groups > 0; groups--)
        {
            // Twice: to peek moves from segment to segment.
            if (IsAtEnd || !_cursor.TryPeek(out GroupHeader header) || IsAtEnd)
                return true;

            if (!GroupVisitor.IsSettled(_cursor.Segment, header))
                Count(_cursor.Segment, _cursor.Read());
            // What had outlived its retention is left to the last visit, which follows.
            if (header.LastReceived + retention > begun)
                visitor.Visit(_cursor, header, VisitKind.Backlog, now);
            _cursor.Advance();
        }

        return false;
    }

    /// <summary>Lets go of segments that are about to be deleted.</summary>
    public void CatchUpWith(Cursor other) => _cursor.CatchUpWith(other);

    bool IsAtEnd => _cursor.Segment.Number >= firstNumber;

    void Count(Segment segment, ReadOnlySpan<byte> group)
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

        balance.Recover(segment, callbacks, sightings);
    }
}

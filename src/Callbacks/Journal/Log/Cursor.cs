namespace Callbacks.Journal.Log;

/// <summary>A place in the log that moves forward group by group, over holes and from segment to segment, up to what is durable.</summary>
sealed class Cursor(SegmentList segments, GroupReader reader, Segment start)
{
    bool _isPeeked;
    GroupHeader _header;

    public Segment Segment { get; private set; } = start;
    public long Offset { get; private set; } = Layout.SegmentHeaderBytes;

    /// <summary>The header of the next durable group; false at the end.</summary>
    public bool TryPeek(out GroupHeader header)
    {
        while (!_isPeeked)
        {
            // Sealed first: what is read as the end after that is final.
            bool isSealed = Segment.IsSealed;
            long end = Segment.End;
            if (Offset >= end)
            {
                if (!isSealed || segments.After(Segment) is not { } next)
                {
                    header = default;
                    return false;
                }

                (Segment, Offset) = (next, Layout.SegmentHeaderBytes);
            }
            else if (EndOfHole() is { } behind)
            {
                Offset = behind;
            }
            else
            {
                _isPeeked = reader.TryReadHeader(Segment, Offset, end, out _header) ? true : throw Damaged();
            }
        }

        header = _header;
        return true;
    }

    /// <summary>The group that was peeked, checked.</summary>
    public ReadOnlySpan<byte> Read()
    {
        ReadOnlySpan<byte> group = reader.ReadGroup(Segment, Offset, Segment.End, _header);
        if (!group.IsEmpty)
            return group;
        // Whoever comes back here finds the hole that is made of it.
        _isPeeked = false;
        throw Damaged();
    }

    public void Advance()
    {
        Offset += _header.PaddedBytes;
        _isPeeked = false;
    }

    /// <summary>Over all that the segment holds so far.</summary>
    public void SkipToEnd() => Offset = Segment.End;

    public bool IsBehind(Cursor other) =>
        Segment.Number < other.Segment.Number || (Segment == other.Segment && Offset < other.Offset);

    /// <summary>Goes on from where the other one is, if that is further.</summary>
    public void CatchUpWith(Cursor other)
    {
        if (IsBehind(other))
            (Segment, Offset, _isPeeked) = (other.Segment, other.Offset, false);
    }

    /// <summary>Null when it stands in none.</summary>
    long? EndOfHole()
    {
        foreach ((long from, long to) in Segment.Holes)
        {
            if (from <= Offset && Offset < to)
                return to;
        }

        return null;
    }

    DamagedGroupException Damaged() => new(Segment, Offset);
}

/// <summary>A group that was whole when it was written or recovered is not any more.</summary>
sealed class DamagedGroupException(Segment segment, long offset) : IOException($"The group at byte {offset} of {segment.Name} is damaged.")
{
    public Segment Segment => segment;
    public long Offset => offset;
}

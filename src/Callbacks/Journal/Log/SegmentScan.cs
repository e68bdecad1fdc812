namespace Callbacks.Journal.Log;

/// <summary>
/// Walks a segment that an earlier life wrote, group by group, and tells whole groups, holes and the torn tail apart. An invalid
/// group that a valid one of the same tag follows is damage; an invalid last one is a torn tail, which was never acknowledged.
/// </summary>
static class SegmentScan
{
    public delegate void GroupFound(in GroupHeader header, ReadOnlySpan<byte> group);

    /// <summary>Returns where the segment ends, and fills <paramref name="holes"/>.</summary>
    /// <param name="recordedEnd">What a later segment's header says; null when there is none: then the tail may be torn.</param>
    public static long Run(Segment segment, long? recordedEnd, GroupReader reader, List<(long From, long To)> holes, GroupFound found)
    {
        reader.Clear();
        long length = segment.File.Length;
        long limit = Math.Min(recordedEnd ?? length, length);
        long offset = Layout.SegmentHeaderBytes;
        ulong expected = 1;
        while (offset < limit)
        {
            long next = FindGroup(segment, offset, limit, expected, reader, out GroupHeader header);
            if (next > offset)
                holes.Add((offset, next));
            if (next == limit)
                break;
            found(header, reader.ReadGroup(segment, next, limit, header));
            expected = header.Number + 1;
            offset = next + header.PaddedBytes;
        }

        if (recordedEnd is { } end)
        {
            if (limit < end)
                holes.Add((limit, end));
            return end;
        }

        // Without a recorded end the last hole is the unused rest of the file, or a torn tail: neither was acknowledged. Unless the disk can't read a part of it.
        if (holes.Count > 0 && holes[^1].To == limit)
        {
            if (reader.LastUnreadable >= holes[^1].From)
                return limit;
            offset = holes[^1].From;
            holes.RemoveAt(holes.Count - 1);
        }

        return offset;
    }

    /// <summary>The offset of the next valid group at or after <paramref name="offset"/>, or the limit.</summary>
    public static long FindGroup(Segment segment, long offset, long limit, ulong numberMin, GroupReader reader, out GroupHeader header)
    {
        for (; offset < limit; offset += Layout.BlockBytes)
        {
            if (reader.TryReadHeader(segment, offset, limit, out header) && header.Number >= numberMin
                && !reader.ReadGroup(segment, offset, limit, header).IsEmpty)
                return offset;
        }

        header = default;
        return limit;
    }
}

using Callbacks.Journal.Disk;
using Callbacks.Journal.Log;

namespace Callbacks.Journal.Tools;

/// <summary>Checks the segments of a journal, oldest first, with a service possibly writing to the newest.</summary>
sealed class SurveyScan(IJournalFolder folder)
{
    /// <summary>A second scan decides; more are needed only while the writer keeps coming in between.</summary>
    const int ScansMax = 16;

    readonly SettleMarks _marks = new();

    /// <summary>Null when it has gone.</summary>
    public static IJournalFile? TryOpen(IJournalFolder folder, string name)
    {
        try
        {
            return folder.Open(name);
        }
        catch (FileNotFoundException)
        {
            return null;
        }
    }

    /// <summary>Null when there is none, or it can't be read.</summary>
    public static SegmentHeader? ReadHeader(IJournalFile file, ulong number)
    {
        byte[] block = new byte[Layout.SegmentHeaderBytes];
        try
        {
            return SegmentHeader.Read(block.AsSpan(0, file.Read(block, 0)), number);
        }
        catch (IOException)
        {
            return null;
        }
    }

    /// <summary>False when the file has gone.</summary>
    public bool Read(SurveyedSegment segment)
    {
        if (TryOpen(folder, segment.Name) is not { } file)
            return false;
        using (file)
        {
            if (FindTag(segment, file) is { } tag)
            {
                segment.Tag = tag;
                Scan(segment, new Segment(segment.Number, tag, file, segment.Bytes));
            }
        }

        return true;
    }

    /// <summary>Finds out how many of the callbacks that may stand in a segment's holes are settled. For most there is nothing to do.</summary>
    public void NoteMarksOfLost(SurveyedSegment damaged, IReadOnlyList<SurveyedSegment> segments)
    {
        if (damaged.Damage.Count == 0)
            return;
        foreach (SurveyedSegment segment in segments)
        {
            SegmentReading.ReadMarks(folder, segment, (first, length) =>
            {
                foreach (Damage damage in damaged.Damage)
                    damage.NoteMark(first, length);
            });
        }
    }

    /// <summary>Null when it is unused.</summary>
    static uint? FindTag(SurveyedSegment segment, IJournalFile file)
    {
        bool isDamaged = false;
        uint? found = segment.Header?.Tag ?? TagSearch.Run(file, segment.Number, out isDamaged);
        // A spare that was taken into use since has its header now: it was written before the group that was found, or together with it. And
        // one of which a later segment tells the end had it by then.
        segment.Header ??= ReadHeader(file, segment.Number);
        segment.IsHeaderDamaged = isDamaged && segment.Header is null;
        return segment.Header?.Tag ?? found ?? (segment.RecordedEnd > Layout.SegmentHeaderBytes ? segment.Tag : null);
    }

    /// <summary>
    /// A group that is being written looks like a hole when the next is there by the time the reader comes to it; but by then the first one is
    /// whole. So a hole counts when a second look finds it, too.
    /// </summary>
    void Scan(SurveyedSegment surveyed, Segment segment)
    {
        List<(long From, long To)>? before = null;
        for (int scans = 0; scans < ScansMax; scans++)
        {
            var holes = new List<(long From, long To)>();
            ScanOnce(surveyed, segment, holes);
            if (holes.Count == 0 || (before is not null && holes.SequenceEqual(before)))
                break;
            before = holes;
        }

        surveyed.Settled = segment.Settled;
    }

    void ScanOnce(SurveyedSegment surveyed, Segment segment, List<(long From, long To)> holes)
    {
        surveyed.Damage.Clear();
        (surveyed.Groups, surveyed.Callbacks, surveyed.FirstNumber, surveyed.LastNumber) = (0, 0, 0, 0);
        try
        {
            long end = SegmentScan.Run(segment, surveyed.RecordedEnd, new GroupReader(), holes, Note);
            surveyed.End = Math.Min(end, surveyed.Bytes);
        }
        catch (InvalidDataException exception)
        {
            throw new InvalidDataException($"{surveyed.Name}: {exception.Message}", exception);
        }

        AddDamage();

        void AddDamage()
        {
            foreach ((long from, long to) in holes.Skip(surveyed.Damage.Count))
                surveyed.Damage.Add(new Damage(from, to) { Before = surveyed.Callbacks > 0 ? surveyed.LastNumber : null });
        }

        void Note(in GroupHeader header, ReadOnlySpan<byte> group)
        {
            // The hole before a group is known before the group is shown.
            AddDamage();
            surveyed.Groups++;
            _marks.Note(segment, group);
            if (header.Callbacks == 0)
                return;
            foreach (Damage damage in surveyed.Damage)
                damage.Behind ??= header.FirstNumber;
            if (surveyed.FirstNumber == 0)
                (surveyed.FirstNumber, surveyed.FirstReceived) = (header.FirstNumber, SegmentReading.FirstReceived(group));
            surveyed.Callbacks += header.Callbacks;
            surveyed.LastNumber = header.FirstNumber + (ulong)header.Callbacks - 1;
            surveyed.LastReceived = header.LastReceived;
        }
    }
}

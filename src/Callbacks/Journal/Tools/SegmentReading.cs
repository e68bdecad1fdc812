using Callbacks.Journal.Disk;
using Callbacks.Journal.Log;
using Callbacks.Time;

namespace Callbacks.Journal.Tools;

/// <summary>What is whole in a segment that has been surveyed, once more, callback by callback.</summary>
static class SegmentReading
{
    public delegate void CallbackFound(CallbackFrame callback);

    /// <summary>False when the file has gone meanwhile: then everything in it was settled.</summary>
    /// <param name="wanted">Of the groups that hold callbacks; those of the others are not read.</param>
    public static bool Read(IJournalFolder folder, SurveyedSegment segment, Func<GroupHeader, bool> wanted, CallbackFound found) =>
        Walk(folder, segment, header => header.Callbacks > 0 && wanted(header), (ref FrameReader frames) =>
        {
            if (frames.Kind == Layout.CallbackKind)
                found(frames.Callback);
        });

    public static void ReadMarks(IJournalFolder folder, SurveyedSegment segment, Action<ulong, int> found) =>
        Walk(folder, segment, _ => true, (ref FrameReader frames) =>
        {
            if (frames.Kind != Layout.SettledKind)
                return;
            foreach (ulong run in frames.Runs)
            {
                (ulong first, int length) = SettledRuns.Unpack(run);
                found(first, length);
            }
        });

    /// <summary>Of the first callback of a group.</summary>
    public static Instant FirstReceived(ReadOnlySpan<byte> group)
    {
        var frames = new FrameReader(group);
        while (frames.Next())
        {
            if (frames.Kind == Layout.CallbackKind)
                return frames.Callback.ReceivedAt;
        }

        return Instant.MinValue;
    }

    delegate void FrameFound(ref FrameReader frames);

    static bool Walk(IJournalFolder folder, SurveyedSegment surveyed, Func<GroupHeader, bool> wanted, FrameFound found)
    {
        if (surveyed.IsSpare || surveyed.End <= Layout.SegmentHeaderBytes)
            return true;
        if ((SurveyScan.TryOpen(folder, surveyed.Name) ?? SurveyScan.TryOpen(folder, Segment.DamagedNameOf(surveyed.Number))) is not { } file)
            return false;
        using (file)
        {
            var segment = new Segment(surveyed.Number, surveyed.Tag, file, surveyed.Bytes)
            {
                End = surveyed.End,
                Holes = [.. surveyed.Damage.Select(damage => (damage.From, damage.To))],
            };
            segment.Seal();
            var segments = new SegmentList();
            segments.Add(segment);
            var cursor = new Cursor(segments, new GroupReader(), segment);
            for (; cursor.TryPeek(out GroupHeader header); cursor.Advance())
            {
                if (!wanted(header))
                    continue;
                var frames = new FrameReader(cursor.Read());
                while (frames.Next())
                    found(ref frames);
            }

            return true;
        }
    }
}

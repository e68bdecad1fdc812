using Callbacks.Journal.Disk;
using Callbacks.Journal.Log;

namespace Callbacks.Journal.Tools;

/// <summary>
/// A whole journal, read and checked as it lies there. Beside a running service that is no single moment's picture: segments that go meanwhile
/// are left out, what is being written is not taken for damage, and what was settled in the last moments may still count as pending.
/// </summary>
/// <param name="Segments">Ascending, spares and files that were set aside included.</param>
/// <param name="Missing">Segments that should lie between others, and don't.</param>
sealed record JournalSurvey(IReadOnlyList<SurveyedSegment> Segments, IReadOnlyList<ulong> Missing)
{
    /// <summary>All but the files that were set aside.</summary>
    public IEnumerable<SurveyedSegment> Live => Segments.Where(segment => !segment.IsSetAside);

    public IEnumerable<SurveyedSegment> SetAside => Segments.Where(segment => segment.IsSetAside);

    public bool IsDamaged => Missing.Count > 0 || Segments.Any(segment => segment.IsDamaged || segment.IsSetAside);

    /// <exception cref="InvalidDataException">It is of a format that this release does not read.</exception>
    public static JournalSurvey Read(IJournalFolder folder, CancellationToken cancellationToken)
    {
        List<SurveyedSegment> segments = ReadHeaders(folder, out HashSet<ulong> listed);
        ulong[] missing = FindMissing(folder, listed);
        var scan = new SurveyScan(folder);
        foreach (SurveyedSegment segment in segments.ToArray())
        {
            cancellationToken.ThrowIfCancellationRequested();
            if (!scan.Read(segment))
                segments.Remove(segment);
        }

        Connect(segments);
        // What lies below was settled and deleted, and came back with a power cut; the next start removes it.
        ulong lowestLive = segments.LastOrDefault(segment => segment.Header is not null)?.Header!.LowestLive ?? 0;
        foreach (SurveyedSegment segment in segments)
        {
            cancellationToken.ThrowIfCancellationRequested();
            scan.NoteMarksOfLost(segment, segments);
            if (!segment.IsSetAside && segment.Number >= lowestLive)
                CountPending(folder, segment);
        }

        RemoveVanished(folder, segments);
        return new JournalSurvey(segments, missing);
    }

    static List<SurveyedSegment> ReadHeaders(IJournalFolder folder, out HashSet<ulong> listed)
    {
        List<SurveyedSegment> segments = [];
        listed = [];
        foreach ((ulong number, bool isSetAside) in ListSegments(folder))
        {
            if (!isSetAside)
                listed.Add(number);
            string name = isSetAside ? Segment.DamagedNameOf(number) : Segment.NameOf(number);
            if (SurveyScan.TryOpen(folder, name) is not { } file)
                continue;
            using (file)
                segments.Add(new SurveyedSegment(number, isSetAside, file.Length) { Header = SurveyScan.ReadHeader(file, number) });
        }

        // Newest last, so that the last word on an end is the one that stands. Tags, so that a segment is read whose own header is damaged.
        var byNumber = segments.ToLookup(segment => segment.Number);
        foreach (SegmentEnd end in segments.Select(segment => segment.Header).OfType<SegmentHeader>().SelectMany(header => header.Earlier))
        {
            foreach (SurveyedSegment earlier in byNumber[end.Segment])
                (earlier.RecordedEnd, earlier.Tag) = (end.End, end.Tag);
        }

        return segments;
    }

    static (ulong Number, bool IsSetAside)[] ListSegments(IJournalFolder folder)
    {
        List<(ulong Number, bool IsSetAside)> found = [];
        foreach (string name in folder.List())
        {
            if (Segment.TryParseName(name, out ulong number))
                found.Add((number, false));
            else if (Segment.TryParseDamagedName(name, out number))
                found.Add((number, true));
        }

        return [.. found.Order()];
    }

    /// <summary>
    /// A listing is no moment's picture: what was made or deleted meanwhile may be in it or not. Oldest are deleted first, newest made last,
    /// so a gap that a second listing has, too, was there before.
    /// </summary>
    static ulong[] FindMissing(IJournalFolder folder, HashSet<ulong> listed)
    {
        List<ulong> gaps = FindGaps(listed);
        return gaps.Count == 0
            ? []
            : [.. gaps.Intersect(FindGaps([.. ListSegments(folder).Where(segment => !segment.IsSetAside).Select(segment => segment.Number)]))];
    }

    static List<ulong> FindGaps(HashSet<ulong> listed)
    {
        // The one before suffices: more than that are as lost, and a file name can make up any number of them.
        return [.. listed.Where(number => number != listed.Min() && !listed.Contains(number - 1)).Select(number => number - 1).Order()];
    }

    /// <summary>What is known of a segment only when all have been read.</summary>
    static void Connect(List<SurveyedSegment> segments)
    {
        SurveyedSegment[] live = [.. segments.Where(segment => segment is { IsSetAside: false, IsSpare: false })];
        if (live.Length > 0)
            live[^1].IsNewest = true;
        for (int i = 0; i < segments.Count; i++)
        {
            uint tag = segments[i].Tag;
            // What the segments around it say of the numbers in a first and a last hole. A header's own last number may be of its first group.
            SurveyedSegment? before = segments.Take(i).LastOrDefault(other => other.Callbacks > 0 && other.Tag == tag);
            SurveyedSegment? behind = segments.Skip(i + 1).FirstOrDefault(other => other.Callbacks > 0 && other.Tag == tag);
            foreach (Damage damage in segments[i].Damage)
            {
                damage.Before ??= before?.LastNumber;
                damage.Behind ??= behind?.FirstNumber;
            }
        }
    }

    static void CountPending(IJournalFolder folder, SurveyedSegment segment)
    {
        SegmentReading.Read(folder, segment, header => !segment.Settled.ContainsAll(header.FirstNumber, header.Callbacks), callback =>
        {
            if (segment.Settled.Contains(callback.Number))
                return;
            segment.PendingCallbacks++;
            segment.PendingSightings += callback.Ids.Length;
            segment.OldestPending ??= callback.ReceivedAt;
        });
    }

    static void RemoveVanished(IJournalFolder folder, List<SurveyedSegment> segments)
    {
        HashSet<string> names = [.. folder.List()];
        foreach (SurveyedSegment segment in segments.Where(segment => !names.Contains(segment.Name)).ToArray())
        {
            if (!segment.IsSetAside && names.Contains(Segment.DamagedNameOf(segment.Number)))
                segment.IsSetAside = true;
            else
                segments.Remove(segment);
        }
    }
}

using Callbacks.Journal.Log;
using Callbacks.Time;

namespace Callbacks.Journal;

/// <summary>Finds ids in the callbacks themselves, where the window was too small to hold them. Safe for use by several threads.</summary>
/// <param name="files">Held while a segment leaves the list, for its file is closed then, or is read by another thread than the follower's.</param>
sealed class NamedOnDisk(SegmentList segments, Lock files)
{
    /// <summary>Which of the ids are named by a callback that is not settled and was received after <paramref name="since"/> and by the time given for the id.</summary>
    /// <param name="upTo">No callback received after this is looked at.</param>
    public HashSet<long> Find(Dictionary<long, Instant> ids, Instant since, Instant upTo)
    {
        var named = new HashSet<long>();
        lock (files)
        {
            try
            {
                Find(ids, since, upTo, named);
            }
            catch (DamagedGroupException)
            {
                // The follower, which comes by here, says so and steps over it. Until then, or until the segment goes, any id may be named there.
                named.UnionWith(ids.Keys);
            }
        }

        return named;
    }

    void Find(Dictionary<long, Instant> ids, Instant since, Instant upTo, HashSet<long> named)
    {
        var cursor = new Cursor(segments, new GroupReader(), segments.Oldest);
        while (named.Count < ids.Count && cursor.TryPeek(out GroupHeader header))
        {
            if (header.LastReceived > since && !GroupVisitor.IsSettled(cursor.Segment, header))
                FindInGroup(cursor, ids, since, named);
            // Receive times ascend: the first group that goes beyond is the last that counts.
            if (header.LastReceived > upTo)
                break;
            cursor.Advance();
        }
    }

    static void FindInGroup(Cursor cursor, Dictionary<long, Instant> ids, Instant since, HashSet<long> named)
    {
        var frames = new FrameReader(cursor.Read());
        while (frames.Next())
        {
            if (frames.Kind != Layout.CallbackKind || frames.Callback.ReceivedAt <= since || cursor.Segment.Settled.Contains(frames.Callback.Number))
                continue;
            PackedIds packed = frames.Callback.Ids;
            for (int i = 0; i < packed.Length; i++)
            {
                long id = packed[i];
                if (ids.TryGetValue(id, out Instant receivedBy) && frames.Callback.ReceivedAt <= receivedBy)
                    named.Add(id);
            }
        }
    }
}

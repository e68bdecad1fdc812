using Callbacks.Journal.Log;
using Callbacks.Journal.Pending;
using Callbacks.Time;

namespace Callbacks.Journal;

/// <summary>Takes the callbacks of a group to the pending table, and books those whose sightings all have an outcome as settled.</summary>
sealed class GroupVisitor(PendingTable table, Balance balance)
{
    readonly List<ulong> _marks = [];
    readonly long[] _expired = new long[Enum.GetValues<LookupFailure>().Length];

    /// <summary>Visits the group that the cursor has peeked.</summary>
    /// <exception cref="DamagedGroupException">It can't be read any more.</exception>
    public GroupVisit Visit(Cursor cursor, in GroupHeader header, VisitKind visit, Instant now)
    {
        if (IsSettled(cursor.Segment, header))
            return default;

        int settled = 0, pending = 0;
        var frames = new FrameReader(cursor.Read());
        while (frames.Next())
        {
            if (frames.Kind != Layout.CallbackKind || cursor.Segment.Settled.Contains(frames.Callback.Number))
                continue;
            if (table.Visit(frames.Callback, visit, now, out OutcomeCounts outcomes, _expired))
            {
                Settle(cursor.Segment, frames.Callback.Number, outcomes);
                settled++;
            }
            else
            {
                pending++;
            }
        }

        return new GroupVisit(settled, pending);
    }

    public static bool IsSettled(Segment segment, in GroupHeader header) =>
        header.Callbacks == 0 || segment.Settled.ContainsAll(header.FirstNumber, header.Callbacks);

    /// <summary>Has what was settled since the last time marked in the log.</summary>
    public void MarkSettled(JournalWriter writer)
    {
        if (_marks.Count == 0)
            return;
        writer.Mark(_marks);
        _marks.Clear();
    }

    void Settle(Segment segment, ulong number, in OutcomeCounts outcomes)
    {
        segment.Settled.Add(number);
        _marks.Add(number);
        balance.Settle(segment, outcomes);
        if (outcomes.Expired == 0)
            return;
        for (byte failure = 0; failure < _expired.Length; failure++)
        {
            if (_expired[failure] > 0)
                balance.CountExpired(failure, _expired[failure]);
            _expired[failure] = 0;
        }
    }
}

/// <summary>Callbacks of a group that a visit settled, and those that it left pending.</summary>
readonly record struct GroupVisit(int Settled, int Pending);

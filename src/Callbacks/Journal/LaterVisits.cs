using Callbacks.Journal.Log;
using Callbacks.Journal.Pending;
using Callbacks.Time;

namespace Callbacks.Journal;

/// <summary>The visits at one age: a cursor that trails the tail of the log by it.</summary>
sealed class LaterVisits(TimeSpan age, SegmentList segments, GroupReader reader, GroupVisitor visitor, PendingTable table)
{
    const int GroupsPerTurn = 32;

    static readonly TimeSpan IdleWait = TimeSpan.FromSeconds(1);

    readonly Cursor _cursor = new(segments, reader, segments.Oldest);
    readonly VisitYield _yield = new();

    public TimeSpan Age => age;

    /// <summary>Goes on from where the other one is, if that is further.</summary>
    public void CatchUpWith(Cursor other) => _cursor.CatchUpWith(other);

    /// <summary>Visits groups that have come to this age. Returns zero when there is more to do at once, else when the next one is due.</summary>
    /// <param name="arrivals">What has not arrived yet is not visited.</param>
    public TimeSpan RunOnce(Instant now, Cursor arrivals)
    {
        for (int groups = 0; groups < GroupsPerTurn; groups++)
        {
            if (!_cursor.IsBehind(arrivals) || !_cursor.TryPeek(out GroupHeader header))
                return IdleWait;

            Instant due = header.LastReceived + age;
            if (due > now)
                return due - now;

            // The last of a group came no later than an append may take after the first.
            if (_yield.IsDue(header.Callbacks) || table.MayLack(header.LastReceived - JournalOptions.AppendTimeout))
                _yield.Record(visitor.Visit(_cursor, header, VisitKind.Again, now));
            _cursor.Advance();
        }

        return TimeSpan.Zero;
    }
}

using System.Runtime.InteropServices;
using Callbacks.Journal;
using Callbacks.Time;

namespace Callbacks.Sweep;

/// <summary>
/// Rows older than the retention that a pending callback keeps. They are asked for again and again in memory (a hash probe each),
/// instead of being read again and again from PostgreSQL. A row may be here more than once, or be long gone from the table: its
/// delete then finds nothing.
/// </summary>
sealed class HeldRows(int rowsMax, GracePeriod grace)
{
    /// <summary>Asked for in one pass: some milliseconds of hash probes.</summary>
    public const int PassRowsMax = 100_000;

    // Ids of one question: the journal's table of pending ids may be locked for so long.
    const int AskRowsMax = 4_096;

    /// <summary>Asked for in any pass: they cost nothing, and go at once.</summary>
    public const int PassRowsMin = 1_000;

    /// <summary>All are asked for so often. Passes may come more often: under overload tens of thousands are held all the time.</summary>
    public static readonly TimeSpan AskInterval = TimeSpan.FromMilliseconds(100);

    readonly List<long> _ids = [];
    readonly List<Instant> _lastSeens = [];
    readonly List<Instant> _coveredAt = [];
    readonly bool[] _covered = new bool[AskRowsMax];
    int _cursor;
    Instant _askedAt;

    public int Count => _ids.Count;

    /// <summary>False when there is no room.</summary>
    public bool TryAdd(long id, Instant lastSeen, Instant coveredAt)
    {
        if (Count == rowsMax)
            return false;
        _ids.Add(id);
        _lastSeens.Add(lastSeen);
        _coveredAt.Add(coveredAt);
        return true;
    }

    /// <summary>
    /// Asks for as many of the rows as are due to be asked for, going on where the last call stopped, and moves those that nothing
    /// covers any more to <paramref name="due"/>.
    /// </summary>
    public void MoveUncovered(ICoverage coverage, Instant since, Instant now, List<DueRow> due)
    {
        int left = (int)Math.Min(Math.Min(Count, PassRowsMax), PassRowsMin + Count * ((now - _askedAt) / AskInterval));
        _askedAt = now;
        while (left > 0 && Count > 0)
        {
            if (_cursor >= Count)
                _cursor = 0;
            int asked = Math.Min(Math.Min(left, AskRowsMax), Count - _cursor);
            Span<bool> covered = _covered.AsSpan(0, asked);
            covered.Clear();
            Instant[] lastSaves = grace.FindLastSaves(CollectionsMarshal.AsSpan(_lastSeens).Slice(_cursor, asked));
            coverage.FindCovered(CollectionsMarshal.AsSpan(_ids).Slice(_cursor, asked), since, lastSaves, wereCovered: true, covered);
            left -= asked;

            // From the end, so that the row moved into a gap is one already judged, or one from behind this slice that waits for the next turn.
            for (int i = _cursor + asked - 1; i >= _cursor; i--)
            {
                if (covered[i - _cursor])
                {
                    _coveredAt[i] = now;
                    continue;
                }

                due.Add(new DueRow(_ids[i], _lastSeens[i], _coveredAt[i]));
                RemoveAt(i);
            }

            _cursor += asked;
        }
    }

    /// <summary>Whether there are rows that are no older.</summary>
    public bool HasAny(Instant from)
    {
        foreach (Instant lastSeen in CollectionsMarshal.AsSpan(_lastSeens))
        {
            if (lastSeen >= from)
                return true;
        }

        return false;
    }

    /// <summary>Forgets the rows that have been read again.</summary>
    public void Forget(Instant from, Instant below)
    {
        for (int i = Count - 1; i >= 0; i--)
        {
            if (_lastSeens[i] >= from && _lastSeens[i] < below)
                RemoveAt(i);
        }
    }

    void RemoveAt(int index)
    {
        int last = Count - 1;
        _ids[index] = _ids[last];
        _lastSeens[index] = _lastSeens[last];
        _coveredAt[index] = _coveredAt[last];
        _ids.RemoveAt(last);
        _lastSeens.RemoveAt(last);
        _coveredAt.RemoveAt(last);
    }
}

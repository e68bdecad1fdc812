namespace Callbacks.Tester.Verify;

/// <summary>Stretches of time, sorted and apart from each other.</summary>
sealed class Intervals
{
    readonly long[] _starts;
    readonly long[] _ends;
    readonly long[] _before;

    public Intervals(IEnumerable<(long Start, long End)> intervals)
    {
        var merged = new List<(long Start, long End)>();
        foreach ((long start, long end) in intervals.Where(interval => interval.End > interval.Start).OrderBy(interval => interval.Start))
        {
            if (merged.Count > 0 && start <= merged[^1].End)
                merged[^1] = (merged[^1].Start, Math.Max(end, merged[^1].End));
            else
                merged.Add((start, end));
        }

        _starts = [.. merged.Select(interval => interval.Start)];
        _ends = [.. merged.Select(interval => interval.End)];
        _before = new long[_starts.Length + 1];
        for (int index = 0; index < _starts.Length; index++)
            _before[index + 1] = _before[index] + _ends[index] - _starts[index];
    }

    public int Count => _starts.Length;

    public IEnumerable<(long Start, long End)> All => _starts.Zip(_ends);

    /// <summary>What of them lies between two moments.</summary>
    public IEnumerable<(long Start, long End)> Between(long from, long to)
    {
        for (int index = FirstEndingAfter(from); index < Count && _starts[index] < to; index++)
            yield return (Math.Max(from, _starts[index]), Math.Min(to, _ends[index]));
    }

    public bool Touches(long from, long to)
    {
        int first = FirstEndingAfter(from);
        return first < Count && _starts[first] < to;
    }

    /// <summary>How much of the time from one moment to another lies in these stretches.</summary>
    public long Covered(long from, long to)
    {
        if (to <= from)
            return 0;

        return CoveredBefore(to) - CoveredBefore(from);
    }

    /// <summary>The longest time in a row, from one moment to another, that lies in none of these stretches.</summary>
    public long LongestFree(long from, long to)
    {
        long longest = 0;
        long free = from;
        for (int index = FirstEndingAfter(from); index < Count && _starts[index] < to; index++)
        {
            longest = Math.Max(longest, _starts[index] - free);
            free = _ends[index];
        }

        return Math.Max(longest, to - free);
    }

    long CoveredBefore(long moment)
    {
        int index = FirstEndingAfter(moment);
        return _before[index] + (index < Count ? Math.Max(0, moment - _starts[index]) : 0);
    }

    int FirstEndingAfter(long moment)
    {
        int index = Array.BinarySearch(_ends, moment);
        return index >= 0 ? index + 1 : ~index;
    }
}

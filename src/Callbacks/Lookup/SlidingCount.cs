using Callbacks.Time;

namespace Callbacks.Lookup;

/// <summary>How often something has happened within the last so long, to an eighth of it. Not safe for use by several threads.</summary>
sealed class SlidingCount(TimeSpan span)
{
    const int Slices = 8;

    readonly long _sliceMicroseconds = Math.Max(1, (long)span.TotalMicroseconds / Slices);
    readonly int[] _counts = new int[Slices];
    long _slice;
    int _sum;

    public void Add(Instant now)
    {
        MoveTo(now);
        _counts[_slice % Slices]++;
        _sum++;
    }

    public int Sum(Instant now)
    {
        MoveTo(now);
        return _sum;
    }

    void MoveTo(Instant now)
    {
        long slice = now.Microseconds / _sliceMicroseconds;
        // Threads may come a moment out of order.
        if (slice <= _slice)
            return;
        _slice = Math.Max(_slice, slice - Slices);
        while (_slice < slice)
        {
            _slice++;
            _sum -= _counts[_slice % Slices];
            _counts[_slice % Slices] = 0;
        }
    }
}

using System.Numerics;

namespace Callbacks.Tester.Send;

/// <summary>
/// Latencies in microseconds, counted in 22,528 buckets (180 KB) however many there are: a bucket for each microsecond below 2,048 µs, 1,024
/// buckets per power of two above. So a quantile is exact below 2 ms, and at most 0.1% too large above. For one thread at a time.
/// </summary>
sealed class LatencyHistogram
{
    const int PreciseBits = 10;

    readonly long[] _counts;

    public LatencyHistogram() => _counts = new long[IndexOf(int.MaxValue) + 1];

    LatencyHistogram(LatencyHistogram original)
    {
        _counts = [.. original._counts];
        Count = original.Count;
        Max = original.Max;
    }

    public long Count { get; private set; }

    /// <summary>Exact.</summary>
    public int Max { get; private set; }

    public void Add(int microseconds)
    {
        // A clock that was set back between the two readings.
        microseconds = Math.Max(0, microseconds);
        _counts[IndexOf(microseconds)]++;
        Count++;
        Max = Math.Max(Max, microseconds);
    }

    /// <summary>The smallest latency that this share of all does not exceed; 0 when there is none at all.</summary>
    public int Quantile(double share)
    {
        long rank = Math.Max(1, (long)Math.Ceiling(Count * share));
        long seen = 0;
        for (int index = 0; index < _counts.Length && rank < Count; index++)
        {
            seen += _counts[index];
            if (seen >= rank)
                return Math.Min(LargestIn(index), Max);
        }

        return Max;
    }

    /// <summary>How many took at most that long, as far as the buckets can tell.</summary>
    public long CountUpTo(int microseconds)
    {
        long count = 0;
        for (int index = IndexOf(microseconds); index >= 0; index--)
            count += _counts[index];
        return count;
    }

    public LatencyHistogram Copy() => new(this);

    static int IndexOf(int microseconds)
    {
        int shift = Math.Max(0, BitOperations.Log2((uint)microseconds) - PreciseBits);
        return (shift << PreciseBits) + (microseconds >> shift);
    }

    static int LargestIn(int index)
    {
        int shift = Math.Max(0, (index >> PreciseBits) - 1);
        long next = (long)(index - (shift << PreciseBits) + 1) << shift;
        return (int)(next - 1);
    }
}

namespace Callbacks.Tester.Send;

/// <summary>How many answers took up to 1 ms, 2 ms, 5 ms, 10 ms and so on.</summary>
/// <param name="UpTo">Microseconds; the bar begins where the one before it ends.</param>
/// <param name="Count">Answers.</param>
readonly record struct LatencyBar(int UpTo, long Count)
{
    static readonly int[] Bounds =
    [
        100, 200, 500, 1_000, 2_000, 5_000, 10_000, 20_000, 50_000, 100_000, 200_000, 500_000, 1_000_000, 2_000_000, 5_000_000, 10_000_000, int.MaxValue,
    ];

    /// <summary>From the fastest answers' bar to the slowest ones', empty ones between them included.</summary>
    public static IReadOnlyList<LatencyBar> Of(LatencyHistogram latencies)
    {
        var bars = new List<LatencyBar>();
        long before = 0;
        foreach (int bound in Bounds)
        {
            long upTo = latencies.CountUpTo(bound);
            if (upTo > 0 && before < latencies.Count)
                bars.Add(new LatencyBar(bound, upTo - before));
            before = upTo;
        }

        return bars;
    }
}

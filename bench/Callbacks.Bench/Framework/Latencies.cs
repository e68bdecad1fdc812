namespace Callbacks.Bench.Framework;

/// <summary>Percentiles in milliseconds; the curve holds (percentile, milliseconds) for the plot.</summary>
sealed record LatencySummary(long Count, double P50Ms, double P90Ms, double P99Ms, double P999Ms, double MaxMs, IReadOnlyList<double[]> Curve)
{
    /// <summary>Where curves are read off: closer together towards the end, where it matters.</summary>
    public static IReadOnlyList<double> Percentiles { get; } =
        [0, 10, 25, 50, 60, 70, 75, 80, 85, 90, 92.5, 95, 96, 97, 98, 99, 99.3, 99.5, 99.7, 99.9, 99.95, 99.99, 100];

    /// <param name="count">Of the measurements.</param>
    /// <param name="at">Milliseconds at a percentile.</param>
    public static LatencySummary From(long count, Func<double, double> at) =>
        new(count, at(50), at(90), at(99), at(99.9), at(100), [.. Percentiles.Select(percentile => new[] { percentile, Math.Round(at(percentile), 4) })]);
}

/// <summary>Every latency is kept and sorted once at the end: exact, and some megabytes for millions. Safe for use by several threads.</summary>
sealed class Latencies
{
    readonly Lock _lock = new();
    readonly List<double> _milliseconds = [];

    public long Count
    {
        get
        {
            lock (_lock)
                return _milliseconds.Count;
        }
    }

    public void Add(TimeSpan latency)
    {
        lock (_lock)
            _milliseconds.Add(latency.TotalMilliseconds);
    }

    /// <summary>Null when there is none.</summary>
    public LatencySummary? Summarize()
    {
        double[] sorted;
        lock (_lock)
            sorted = [.. _milliseconds];
        if (sorted.Length == 0)
            return null;
        Array.Sort(sorted);
        return LatencySummary.From(sorted.Length, percentile => sorted[Math.Max(0, (int)Math.Ceiling(sorted.Length * percentile / 100) - 1)]);
    }
}

using Callbacks.Telemetry;

namespace Callbacks.View;

/// <summary>In seconds; null when nothing happened.</summary>
readonly record struct PercentilesView(double P50, double P95, double P99);

readonly record struct DistributionsView(PercentilesView? ReceiveToStored, PercentilesView? Lookup, PercentilesView? Flush);

/// <summary>The histograms that the dashboard plots, as they stand at one moment.</summary>
readonly record struct Distributions(HistogramReading? ReceiveToStored, HistogramReading? Lookup, HistogramReading? Flush)
{
    public static Distributions Read(IReadOnlyList<MetricReading> readings) =>
        new(Find(readings, "callback.receive_to_stored"), Find(readings, "callback.lookup.duration"), Find(readings, "callback.journal.flush.duration"));

    /// <summary>Of what happened since an earlier moment.</summary>
    public DistributionsView Since(in Distributions earlier) => new(
        Percentiles(ReceiveToStored, earlier.ReceiveToStored), Percentiles(Lookup, earlier.Lookup), Percentiles(Flush, earlier.Flush));

    static HistogramReading? Find(IReadOnlyList<MetricReading> readings, string name) =>
        readings.FirstOrDefault(reading => reading.Name == name).Series is [var series, ..] ? series.Histogram : null;

    static PercentilesView? Percentiles(HistogramReading? now, HistogramReading? earlier)
    {
        if (now is null || now.Count == (earlier?.Count ?? 0))
            return null;
        long[] counts = [.. now.Counts.Select((count, bucket) => count - (earlier?.Counts[bucket] ?? 0))];
        return new PercentilesView(Quantile(now.Bounds, counts, 0.5), Quantile(now.Bounds, counts, 0.95), Quantile(now.Bounds, counts, 0.99));
    }

    /// <summary>As Prometheus estimates it: values are spread evenly over their bucket, and those of the last one are its lower bound.</summary>
    public static double Quantile(double[] bounds, long[] counts, double quantile)
    {
        double rank = quantile * counts.Sum();
        long below = 0;
        for (int bucket = 0; bucket < counts.Length; bucket++)
        {
            if (below + counts[bucket] < rank || counts[bucket] == 0)
            {
                below += counts[bucket];
                continue;
            }

            double lower = bucket == 0 ? 0 : bounds[bucket - 1];
            return double.IsPositiveInfinity(bounds[bucket]) ? lower : lower + (bounds[bucket] - lower) * (rank - below) / counts[bucket];
        }

        return 0;
    }
}

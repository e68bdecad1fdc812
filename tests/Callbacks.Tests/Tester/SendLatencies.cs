using Callbacks.Fixtures;
using Callbacks.Tester.Send;

namespace Callbacks.Tests.Tester;

public sealed class SendLatencies(ITestOutputHelper output)
{
    static readonly double[] Shares = [0, 0.001, 0.5, 0.9, 0.95, 0.99, 0.999, 1];

    [Fact]
    public void Without_latencies_everything_is_0()
    {
        var latencies = new LatencyHistogram();
        Assert.All(Shares, share => Assert.Equal(0, latencies.Quantile(share)));
        Assert.Empty(LatencyBar.Of(latencies));
    }

    [Fact]
    public void A_quantile_below_2_ms_is_the_one_of_the_sorted_latencies()
    {
        int[] sorted = Draw(Seed.Draw(output), 10_001, 2_047);
        LatencyHistogram latencies = Histogram(sorted);
        Assert.All(Shares, share => Assert.Equal(Sorted(sorted, share), latencies.Quantile(share)));
    }

    [Fact]
    public void A_quantile_is_at_most_a_thousandth_above_the_one_of_the_sorted_latencies()
    {
        var random = Seed.Draw(output);
        foreach (int max in (int[])[2_048, 4_096, 100_000, 10_000_000, int.MaxValue])
        {
            int[] sorted = Draw(random, 5_000, max);
            LatencyHistogram latencies = Histogram(sorted);
            foreach (double share in Shares)
            {
                int exact = Sorted(sorted, share);
                Assert.InRange(latencies.Quantile(share), exact, (int)Math.Min(int.MaxValue, exact * 1.001 + 1));
            }

            Assert.Equal(sorted[^1], latencies.Quantile(1));
        }
    }

    [Fact]
    public void The_slowest_is_exact_and_a_clock_set_back_counts_as_no_time()
    {
        LatencyHistogram latencies = Histogram([-5, 1_234_567]);
        Assert.Equal(0, latencies.Quantile(0.5));
        Assert.Equal(1_234_567, latencies.Quantile(1));
        Assert.Equal(2, latencies.Count);
    }

    [Fact]
    public void The_bars_hold_every_latency_once_from_the_fastest_to_the_slowest()
    {
        LatencyHistogram latencies = Histogram([900, 1_000, 1_001, 40_000, 40_000]);
        Assert.Equal(
            [new(1_000, 2), new(2_000, 1), new(5_000, 0), new(10_000, 0), new(20_000, 0), new LatencyBar(50_000, 2)], LatencyBar.Of(latencies));
        Assert.Equal(new LatencyBar(int.MaxValue, 1), Assert.Single(LatencyBar.Of(Histogram([int.MaxValue]))));
    }

    [Fact]
    public void A_copy_does_not_change_with_its_original()
    {
        LatencyHistogram latencies = Histogram([1]);
        LatencyHistogram copy = latencies.Copy();
        latencies.Add(5_000);
        Assert.Equal((1L, 1, 1), (copy.Count, copy.Max, copy.Quantile(1)));
    }

    static LatencyHistogram Histogram(int[] latencies)
    {
        var histogram = new LatencyHistogram();
        foreach (int latency in latencies)
            histogram.Add(latency);
        return histogram;
    }

    static int[] Draw(Random random, int count, int max)
    {
        int[] sorted = [.. Enumerable.Range(0, count).Select(_ => random.Next(max))];
        Array.Sort(sorted);
        return sorted;
    }

    static int Sorted(int[] sorted, double share) => sorted[Math.Max(0, (int)Math.Ceiling(sorted.Length * share) - 1)];
}

namespace Callbacks.Bench.Framework;

/// <summary>All sides of all runs, in the order in which they were taken.</summary>
sealed class BenchRuns(IReadOnlyList<SideResult> results)
{
    public IReadOnlyList<SideResult> All => results;

    public IEnumerable<SideResult> Of(string side) => results.Where(result => result.Side == side);

    public double Median(string side, Func<SideResult, double> figure) => Ratio.MedianOf(Of(side).Select(figure));

    public double Worst(string side, Func<SideResult, double> figure) => Of(side).Select(figure).DefaultIfEmpty(double.NaN).Max();

    /// <summary>Side by side within each run: what slows the machine for a minute slows both.</summary>
    public Ratio Compare(string side, string bare, Func<SideResult, double> figure) =>
        Ratio.Of(Of(side).Zip(Of(bare), (left, right) => figure(left) / figure(right)));
}

/// <summary>Of the pairwise ratios.</summary>
sealed record Ratio(double Median, double Min, double Max)
{
    public static Ratio Of(IEnumerable<double> ratios)
    {
        // None, where a smoke run leaves a side out.
        List<double> all = [.. ratios.DefaultIfEmpty(double.NaN)];
        return new Ratio(MedianOf(all), all.Min(), all.Max());
    }

    public static double MedianOf(IEnumerable<double> values)
    {
        List<double> sorted = [.. values.Order()];
        return sorted.Count == 0 ? double.NaN : (sorted[(sorted.Count - 1) / 2] + sorted[sorted.Count / 2]) / 2;
    }

    public override string ToString() => $"ratio {Median:F2} ({Min:F2} .. {Max:F2})";
}

/// <summary>The measure is held to a measure: what a bare side reached on a machine of two cores.</summary>
static class Ceiling
{
    const double VoidBelow = 0.8;

    /// <returns>Why the runs are void, or null.</returns>
    public static string? Check(string what, double measured, double ceiling) =>
        measured >= ceiling * VoidBelow ? null : $"{what} reached {measured:N0}/s, below 80% of the {ceiling:N0}/s that it can do";
}

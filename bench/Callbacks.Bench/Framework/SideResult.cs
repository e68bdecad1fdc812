namespace Callbacks.Bench.Framework;

/// <summary>What one side did in one run.</summary>
sealed class SideResult(string side, string unit)
{
    public string Side { get; } = side;

    /// <summary>Of what <see cref="Units"/> counts, in the plural.</summary>
    public string Unit { get; } = unit;

    /// <summary>From 1.</summary>
    public int Run { get; set; }

    public double Seconds { get; set; }

    public double Units { get; set; }

    public double Rate => Seconds > 0 ? Units / Seconds : 0;

    public LatencySummary? Latency { get; set; }

    /// <summary>Other figures, by names that end in their unit.</summary>
    public SortedDictionary<string, double> Figures { get; } = new(StringComparer.Ordinal);

    public List<Series> Series { get; set; } = [];

    /// <summary>Why this can't be taken for what it should be: an answer that was none, work that was not done. Fails a smoke run, too.</summary>
    public List<string> Problems { get; } = [];

    public void Require(bool holds, string otherwise)
    {
        if (!holds)
            Problems.Add(otherwise);
    }

    /// <summary>One line for the screen.</summary>
    public override string ToString()
    {
        string text = Units > 0 ? $"{Rate:N0} {Unit}/s" : "";
        if (Latency is { } latency)
            text += $"{(text.Length > 0 ? ", " : "")}p50 {latency.P50Ms:F1} ms, p99 {latency.P99Ms:F1} ms, max {latency.MaxMs:F1} ms";
        foreach ((string name, double value) in Figures)
            text += $"{(text.Length > 0 ? ", " : "")}{name.Replace('_', ' ')} {Number.Text(value)}";
        return text;
    }
}

/// <summary>Points over time, both axes in plain numbers: seconds since the start of the side, and the unit named.</summary>
sealed record Series(string Name, string Unit, List<double> Seconds, List<double> Values);

static class Number
{
    public static string Text(double value) => Math.Abs(value) >= 1000 ? $"{value:N0}" : $"{value:0.###}";
}

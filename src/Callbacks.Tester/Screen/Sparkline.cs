namespace Callbacks.Tester.Screen;

/// <summary>A plot that is one line high.</summary>
static class Sparkline
{
    const string Steps = "▁▂▃▄▅▆▇█";

    /// <summary>A character each, from nothing (blank) to the largest. What is more than nothing is always seen.</summary>
    public static string Of(IReadOnlyList<long> values)
    {
        long max = values.Max();
        return string.Concat(values.Select(value => value <= 0 ? ' ' : Steps[(int)((value * Steps.Length - 1) / max)]));
    }
}

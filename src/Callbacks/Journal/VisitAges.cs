namespace Callbacks.Journal;

/// <summary>When a callback that is not settled is visited again, by its age.</summary>
static class VisitAges
{
    /// <summary>
    /// In seconds, as far as they are below the retention; beyond them each is half as much again, a sixth of the retention at most. Lookups
    /// take 0.3 to 4.3 s, so most callbacks are settled within the first few; a visit to a callback that is not costs the look at one id.
    /// </summary>
    static readonly double[] FirstSeconds = [0.25, 0.5, 1, 1.5, 2, 2.5, 3, 3.5, 4, 4.5, 5, 6, 7, 8, 10, 12, 16, 20, 25, 27.5];

    /// <summary>Ascending, each below the retention; at least one.</summary>
    public static IEnumerable<TimeSpan> Below(TimeSpan retention)
    {
        IEnumerable<double> seconds = FirstSeconds;
        double step = retention.TotalSeconds / 6;
        for (double age = FirstSeconds[^1]; (age += Math.Min(age / 2, step)) < retention.TotalSeconds;)
            seconds = seconds.Append(age);
        return seconds.Select(TimeSpan.FromSeconds).Where(age => age < retention).DefaultIfEmpty(retention / 2);
    }
}

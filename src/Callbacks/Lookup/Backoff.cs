namespace Callbacks.Lookup;

/// <summary>Waits between attempts: full jitter, that is anything up to a bound that doubles with each failure.</summary>
static class Backoff
{
    static readonly TimeSpan First = TimeSpan.FromMilliseconds(250);

    /// <summary>Never zero, so that an id whose lookups fail at once can't spin.</summary>
    static readonly TimeSpan Least = TimeSpan.FromMilliseconds(20);

    /// <summary>An upstream may ask for more patience than the retention allows, or by mistake for hours.</summary>
    static readonly TimeSpan RetryAfterMax = TimeSpan.FromSeconds(10);

    /// <param name="failures">How many attempts of the id have failed in a row, this one included.</param>
    /// <param name="retryAfter">What the upstream asked for, if anything.</param>
    /// <param name="random">Uniform in [0, 1).</param>
    public static TimeSpan Delay(int failures, TimeSpan max, TimeSpan? retryAfter, double random)
    {
        double bound = Math.Min(max.TotalMilliseconds, First.TotalMilliseconds * Math.Pow(2, Math.Min(failures - 1, 30)));
        TimeSpan delay = TimeSpan.FromMilliseconds(Math.Max(Least.TotalMilliseconds, bound * random));
        if (retryAfter is not { } asked)
            return delay;
        if (asked > RetryAfterMax)
            asked = RetryAfterMax;
        return asked > delay ? asked : delay;
    }
}

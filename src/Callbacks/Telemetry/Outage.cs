namespace Callbacks.Telemetry;

/// <summary>
/// One line when something goes away and one when it is back, however often it fails meanwhile. Safe for use by several threads; asking
/// whether it is back costs a read when it was never away.
/// </summary>
sealed class Outage(TimeProvider time)
{
    // When it began; zero: all is well.
    long _since;

    /// <summary>True when this failure is the first, and to be told.</summary>
    public bool Begins() => Interlocked.CompareExchange(ref _since, Math.Max(1, time.GetTimestamp()), 0) == 0;

    public bool IsOn => Volatile.Read(ref _since) != 0;

    /// <summary>True when this success is the first, and to be told.</summary>
    public bool Ends(out TimeSpan lasted)
    {
        lasted = default;
        if (!IsOn || Interlocked.Exchange(ref _since, 0) is not (not 0 and long since))
            return false;
        lasted = time.GetElapsedTime(since);
        return true;
    }
}

namespace Callbacks.Lookup;

/// <summary>When the lookups in flight are looked through for those whose time is up, which may therefore last a little longer. Not safe for use by several threads.</summary>
sealed class OverdueLook(TimeProvider timers)
{
    public static readonly TimeSpan Period = TimeSpan.FromMilliseconds(100);

    /// <summary>Who has not looked for so long stood still: the answers that have come meanwhile are read first, for as long as the other says.</summary>
    static readonly TimeSpan StandstillMin = TimeSpan.FromSeconds(2);
    static readonly TimeSpan ReadingTime = TimeSpan.FromSeconds(1);

    long _lastLook = timers.GetTimestamp();

    /// <param name="stoodStill">Since the last look; then nothing is due yet.</param>
    public bool IsDue(long now, out bool stoodStill)
    {
        TimeSpan since = timers.GetElapsedTime(_lastLook, now);
        stoodStill = since >= StandstillMin;
        if (since < Period)
            return false;
        _lastLook = stoodStill ? now + (long)(ReadingTime.TotalSeconds * timers.TimestampFrequency) : now;
        return !stoodStill;
    }
}

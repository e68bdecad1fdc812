using Callbacks.Time;

namespace Callbacks.Sweep;

/// <summary>After service time has stepped forward nothing goes for one retention: senders get that long to come again.</summary>
sealed class GracePeriod(ServiceTime time, TimeSpan retention)
{
    /// <summary>When it ends; <see cref="Instant.MinValue"/> when service time never stepped.</summary>
    Instant End => time.SteppedAt is var steppedAt && steppedAt == Instant.MinValue ? Instant.MinValue : steppedAt + retention;

    public bool IsOver(Instant readUpTo) => readUpTo >= End;

    /// <summary>
    /// When the last callback may have been received that saves each row: by the moment at which the row runs out, or at which the grace
    /// period ends.
    /// </summary>
    public Instant[] FindLastSaves(ReadOnlySpan<Instant> lastSeens)
    {
        Instant end = End;
        var saves = new Instant[lastSeens.Length];
        for (int i = 0; i < saves.Length; i++)
            saves[i] = Instant.Max(lastSeens[i] + retention, end);
        return saves;
    }
}

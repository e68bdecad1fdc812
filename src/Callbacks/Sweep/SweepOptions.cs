using Callbacks.Configuration;

namespace Callbacks.Sweep;

sealed class SweepOptions : ICheckedOptions
{
    public const string Section = "Sweep";

    /// <summary>How long after its <c>last_seen</c> a row is kept, 1 s to 1 day.</summary>
    [Allowed("00:00:01 to 1.00:00:00")]
    public TimeSpan Retention { get; set; } = TimeSpan.FromSeconds(30);

    /// <summary>
    /// Most rows older than the retention that are remembered as covered by a pending callback, 1 to 10,000,000, at 24 bytes each;
    /// beyond it they are read again. The default is what Lookup's window holds in sightings.
    /// </summary>
    [Allowed("1 to 10,000,000")]
    public int HeldRowsMax { get; set; } = 1_000_000;

    /// <inheritdoc/>
    public IEnumerable<string> FindErrors()
    {
        if (Retention < TimeSpan.FromSeconds(1) || Retention > TimeSpan.FromDays(1))
            yield return this.Refuse(Section, nameof(Retention), Retention);
        if (HeldRowsMax is < 1 or > 10_000_000)
            yield return this.Refuse(Section, nameof(HeldRowsMax), HeldRowsMax);
    }
}

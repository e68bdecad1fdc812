using Callbacks.Configuration;

namespace Callbacks.Intake;

/// <summary>Section <c>Intake</c>: what one callback, and all clients together, may take.</summary>
sealed class IntakeOptions : ICheckedOptions
{
    public const string Section = "Intake";

    /// <summary>
    /// Elements of <c>object_ids</c> in one callback, counted before duplicates are merged; one more is answered with 422.
    /// </summary>
    [Allowed("1 to 100,000")]
    public int IdsMax { get; set; } = 10_000;

    /// <summary>Bytes of one body; one more is answered with 413. The default holds 10,000 ids of 20 digits twice over.</summary>
    [Allowed("1,024 to 16,777,216")]
    public int BodyBytesMax { get; set; } = 512 * 1024;

    /// <summary>Connections open at the same time. Whoever comes on top waits in the kernel's queue until a place is free.</summary>
    [Allowed("4 to 100,000")]
    public int ConnectionsMax { get; set; } = 2_000;

    /// <inheritdoc/>
    public IEnumerable<string> FindErrors()
    {
        // The journal writes a callback as one frame within a segment: 100,000 ids are 800 kB, a twentieth of a segment.
        if (IdsMax is < 1 or > 100_000)
            yield return this.Refuse(Section, nameof(IdsMax), IdsMax);
        // A body is held whole until it is parsed, so this times ConnectionsMax is what hostile clients can make us hold: half of what deploy/ grants.
        if (BodyBytesMax is < 1024 or > 16 * 1024 * 1024)
            yield return this.Refuse(Section, nameof(BodyBytesMax), BodyBytesMax);
        // Each listener holds one place while it waits for a connection, and localhost is two listeners.
        if (ConnectionsMax is < 4 or > 100_000)
            yield return this.Refuse(Section, nameof(ConnectionsMax), ConnectionsMax);
    }
}

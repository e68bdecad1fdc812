using Callbacks.Time;

namespace Callbacks.Journal;

/// <summary>What Sweep needs to know of the pending callbacks.</summary>
interface ICoverage
{
    /// <summary>
    /// Every callback received up to this moment has been read into the pending table, or was refused. At most the service time
    /// of the call; <see cref="Instant.MinValue"/> while the journal recovers: what has not been read covers every id.
    /// </summary>
    Instant ReadUpTo();

    /// <summary>
    /// Sets <paramref name="covered"/>[i] for each id that pending sightings have named at every moment from <paramref name="receivedBy"/>[i] on, when
    /// its row ran out, by sightings received after <paramref name="since"/>. In doubt it is set: a row may stay a little longer, never go too early.
    /// </summary>
    /// <param name="wereCovered">They were when last asked for: what can't be told from callbacks on disk is in doubt then.</param>
    void FindCovered(ReadOnlySpan<long> ids, Instant since, ReadOnlySpan<Instant> receivedBy, bool wereCovered, Span<bool> covered);
}

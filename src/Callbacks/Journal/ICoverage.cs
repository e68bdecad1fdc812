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
    /// Sets <paramref name="covered"/>[i] for each id that a pending sighting names which was received after <paramref name="since"/>
    /// and no later than <paramref name="receivedBy"/>[i]. In doubt it is set: a row may stay a little longer, never go too early.
    /// </summary>
    /// <param name="wereCovered">
    /// They were when last asked for, so a sighting may also have been received later, while another one was pending. It is not enough when nothing
    /// was for a moment in between, as far as that is known: when the sightings before it expired, not when they were answered.
    /// </param>
    void FindCovered(ReadOnlySpan<long> ids, Instant since, ReadOnlySpan<Instant> receivedBy, bool wereCovered, Span<bool> covered);
}

using Callbacks.Time;

namespace Callbacks.Store;

/// <summary>One row of <c>objects</c>: the answer of a sighting and the time its callback was received.</summary>
readonly record struct ObjectState(long Id, bool Online, Instant LastSeen);

/// <summary>
/// What waits to be written. The store pulls: it takes a batch when the previous one is done, so that batches grow with the load.
/// Ids of a batch under way are not handed out again before the batch was settled or returned.
/// </summary>
interface IObjectSource
{
    /// <summary>Completes when there is something to take that is no suspect, or when the time is up.</summary>
    ValueTask WaitAsync(TimeSpan timeout, CancellationToken cancellationToken);

    /// <summary>
    /// Clears <paramref name="batch"/> and adds up to <paramref name="rowsMax"/> states with distinct ids, in no particular order,
    /// none of which has outlived its retention. May add none.
    /// </summary>
    /// <param name="suspects">Those that came back as such, instead of the others.</param>
    void Take(List<ObjectState> batch, int rowsMax, bool suspects);

    /// <summary>The last batch taken is committed: its sightings settle as stored.</summary>
    void Stored();

    /// <summary>
    /// The last batch taken failed, or its outcome is unknown: it will be handed out again, behind what else waits and without what expires meanwhile.
    /// </summary>
    /// <param name="asSuspects">A row of it is why: they are handed out apart from all others, which have nothing to do with that.</param>
    void Returned(bool asSuspects);
}

using Callbacks.Tester.Records;

namespace Callbacks.Tester.Verify;

/// <summary>Everything that the records say about one object.</summary>
/// <param name="id">The object.</param>
/// <param name="ledger">What the callbacks' numbers refer to.</param>
/// <param name="sightings">Acknowledged callbacks that name it, by receive time, each once.</param>
/// <param name="mayCount">Callbacks that name it and of which nobody knows whether they counted.</param>
/// <param name="lookups">By start.</param>
/// <param name="changes">In the order in which they happened.</param>
/// <param name="row">What the table says at the end; null: nothing.</param>
readonly ref struct History(
    long id,
    Ledger ledger,
    ReadOnlySpan<int> sightings,
    ReadOnlySpan<int> mayCount,
    ReadOnlySpan<LookupRecord> lookups,
    ReadOnlySpan<Change> changes,
    TableRow? row)
{
    public readonly long Id = id;
    public readonly Ledger Ledger = ledger;
    public readonly ReadOnlySpan<int> Sightings = sightings;
    public readonly ReadOnlySpan<int> MayCount = mayCount;
    public readonly ReadOnlySpan<LookupRecord> Lookups = lookups;
    public readonly ReadOnlySpan<Change> Changes = changes;
    public readonly TableRow? Row = row;

    public long ReceivedAt(int index) => Ledger.ReceivedAt(Sightings[index]);

    /// <summary>Of the first sighting received at or after this moment; their number if there is none.</summary>
    public int FirstSighting(long from)
    {
        (int low, int high) = (0, Sightings.Length);
        while (low < high)
        {
            int middle = (low + high) / 2;
            if (ReceivedAt(middle) < from)
                low = middle + 1;
            else
                high = middle;
        }

        return low;
    }

    public bool HasSightingAt(long receivedAt)
    {
        int index = FirstSighting(receivedAt);
        return index < Sightings.Length && ReceivedAt(index) == receivedAt;
    }

    /// <summary>Of the first lookup begun at or after this moment; their number if there is none.</summary>
    public int FirstLookup(long from)
    {
        (int low, int high) = (0, Lookups.Length);
        while (low < high)
        {
            int middle = (low + high) / 2;
            if (Lookups[middle].Start < from)
                low = middle + 1;
            else
                high = middle;
        }

        return low;
    }

    /// <summary>
    /// When the service may have begun this lookup, at the earliest: an HTTP client sends a GET again by itself when the connection that it used
    /// again breaks before the answer begins, and goes by the time of its first try.
    /// </summary>
    public long BegunAtEarliest(int lookup)
    {
        long begun = Lookups[lookup].Start;
        for (int before = lookup - 1; before >= 0; before--)
        {
            LookupRecord other = Lookups[before];
            if (begun - other.End > Rules.ResendWithin)
                break;
            if (other.Outcome == LookupOutcome.Reset)
                begun = other.Start;
        }

        return begun;
    }
}

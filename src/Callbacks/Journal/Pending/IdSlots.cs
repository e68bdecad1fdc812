namespace Callbacks.Journal.Pending;

/// <summary>Room for a fixed number of ids: their entries, which of them are free, and where an id stands. Not safe for use by several threads.</summary>
sealed class IdSlots
{
    readonly IdIndex _index;
    int _firstFree;

    public IdSlots(int idsMax, Random random)
    {
        Entries = new PendingIds(idsMax + 1);
        _index = new IdIndex(Entries, random);
    }

    /// <summary>The first is none: index 0 stands for no entry.</summary>
    public PendingIds Entries { get; }

    public int Used { get; private set; }

    public bool IsFull => Used == Entries.Length - 1;

    /// <summary>The entry's index, or 0.</summary>
    public int Find(long id) => _index.Find(id);

    /// <inheritdoc cref="IdIndex.Warm"/>
    public ulong Warm(ReadOnlySpan<long> ids) => _index.Warm(ids);

    /// <summary>Takes a free entry for an id that has none. There must be one.</summary>
    public int Add(long id, long received, long coveredSince)
    {
        Used++;
        int index = _firstFree;
        if (index != 0)
            _firstFree = Entries.DetailsOf(index).Next;
        else
            // Entries are taken from the front, so that memory is touched only as far as it is needed.
            index = Used;
        Entries[index] = new PendingId { Id = id, Newest = received, Oldest = received };
        Entries.DetailsOf(index) = new PendingIdDetails { CoveredSince = coveredSince };
        _index.Add(id, index);
        return index;
    }

    public void Remove(int index)
    {
        ref PendingId entry = ref Entries[index];
        _index.Remove(entry.Id);
        entry.State = IdState.Free;
        Entries.DetailsOf(index).Next = _firstFree;
        _firstFree = index;
        Used--;
    }
}

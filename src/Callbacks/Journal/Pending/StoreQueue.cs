using Callbacks.Time;

namespace Callbacks.Journal.Pending;

/// <summary>
/// Answers on their way to the store, and those in the batch that is being written. An id is in it once: an answer that comes while
/// the one before still waits takes its place. Not safe for use by several threads.
/// </summary>
sealed class StoreQueue(PendingId[] entries, long retention)
{
    const long AwayAfter = 1_000_000;
    const int DropsMax = 1_000;

    readonly Queue<int> _waiting = new();
    readonly List<(int Index, long Seen)> _storing = [];
    long _takenAt;

    public int Count => _waiting.Count + _storing.Count;

    /// <summary>An id was seen then, which is to be stored unless it has been. True when the store has to be woken.</summary>
    public bool Add(int index, long seen, LookupAnswer answer)
    {
        ref PendingId entry = ref entries[index];
        if (seen <= entry.ToStore || seen <= entry.StoredSeen)
            return false;
        entry.ToStore = seen;
        entry.ToStoreOnline = answer == LookupAnswer.Online;
        return !entry.IsStoring && Enqueue(index);
    }

    /// <summary>While the store is away nobody takes answers. Those that have outlived their retention are let go of, a number at a time, for their ids would stay.</summary>
    public void DropExpired(long now)
    {
        if (now - _takenAt < AwayAfter)
            return;
        for (int left = Math.Min(_waiting.Count, DropsMax); left > 0; left--)
        {
            int index = _waiting.Dequeue();
            if (entries[index].ToStore + retention > now)
            {
                _waiting.Enqueue(index);
                continue;
            }

            // ToStore stays: what was answered online and expires must not be taken for what a later answer says.
            entries[index].IsQueued = false;
        }
    }

    /// <summary>Hands out at most <paramref name="rowsMax"/> answers, none of which has outlived its retention. True when more wait.</summary>
    public bool Take(long now, int rowsMax, Action<long, bool, Instant> add)
    {
        _takenAt = now;
        while (_storing.Count < rowsMax && _waiting.TryDequeue(out int index))
        {
            ref PendingId entry = ref entries[index];
            entry.IsQueued = false;
            if (entry.ToStore + retention <= now)
                continue;

            entry.IsStoring = true;
            _storing.Add((index, entry.ToStore));
            add(entry.Id, entry.ToStoreOnline, new Instant(entry.ToStore));
        }

        return _waiting.Count > 0;
    }

    /// <summary>What was taken last is committed. True when the store has to be woken for what came meanwhile.</summary>
    public bool Stored()
    {
        bool wake = false;
        foreach ((int index, long seen) in _storing)
        {
            ref PendingId entry = ref entries[index];
            entry.IsStoring = false;
            entry.StoredSeen = Math.Max(entry.StoredSeen, seen);
            if (entry.ToStore > seen)
                wake |= Enqueue(index);
            else
                entry.ToStore = 0;
        }

        _storing.Clear();
        return wake;
    }

    /// <summary>What was taken last was not committed, or nobody knows. True when the store has to be woken.</summary>
    public bool Returned()
    {
        bool wake = false;
        foreach ((int index, _) in _storing)
        {
            entries[index].IsStoring = false;
            wake |= Enqueue(index);
        }

        _storing.Clear();
        return wake;
    }

    bool Enqueue(int index)
    {
        if (entries[index].IsQueued)
            return false;
        entries[index].IsQueued = true;
        _waiting.Enqueue(index);
        return true;
    }
}

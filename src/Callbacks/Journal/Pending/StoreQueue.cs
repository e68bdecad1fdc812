using Callbacks.Time;

namespace Callbacks.Journal.Pending;

/// <summary>
/// Answers on their way to the store, and those in the batch that is being written. An id is in it once: an answer that comes while
/// the one before still waits takes its place. Suspects, one of which the server would not take, wait apart. Not safe for use by several threads.
/// </summary>
sealed class StoreQueue(PendingIds entries, long retention)
{
    const long AwayAfter = 1_000_000;
    const int DropsMax = 1_000;

    readonly Queue<int> _waiting = new();
    readonly Queue<int> _suspects = new();
    readonly List<(int Index, long Seen)> _storing = [];
    long _takenAt;

    public int Count => _waiting.Count + _suspects.Count + _storing.Count;

    /// <summary>An id was seen then, which is to be stored unless it has been. True when the store has to be woken.</summary>
    public bool Add(int index, long seen, LookupAnswer answer)
    {
        ref PendingId entry = ref entries[index];
        if (seen <= entry.ToStore || seen <= entry.StoredSeen)
            return false;
        entry.ToStore = seen;
        entry.ToStoreOnline = answer == LookupAnswer.Online;
        return !entry.IsStoring && Enqueue(_waiting, index);
    }

    /// <summary>While the store is away nobody takes answers. Those that have outlived their retention are let go of, a number at a time, for their ids would stay.</summary>
    public void DropExpired(long now)
    {
        if (now - _takenAt < AwayAfter)
            return;
        DropExpired(_waiting, now);
        DropExpired(_suspects, now);
    }

    /// <summary>Hands out at most <paramref name="rowsMax"/> answers, none of which has outlived its retention. True when more wait that are no suspects.</summary>
    public bool Take(long now, int rowsMax, Action<long, bool, Instant> add, bool suspects)
    {
        _takenAt = now;
        Queue<int> queue = suspects ? _suspects : _waiting;
        while (_storing.Count < rowsMax && queue.TryDequeue(out int index))
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
                wake |= Enqueue(_waiting, index);
            else
                entry.ToStore = 0;
        }

        _storing.Clear();
        return wake;
    }

    /// <summary>What was taken last was not committed, or nobody knows. True when the store has to be woken, which knows of suspects.</summary>
    public bool Returned(bool asSuspects)
    {
        bool wake = false;
        foreach ((int index, _) in _storing)
        {
            entries[index].IsStoring = false;
            wake |= Enqueue(asSuspects ? _suspects : _waiting, index);
        }

        _storing.Clear();
        return wake && !asSuspects;
    }

    void DropExpired(Queue<int> queue, long now)
    {
        for (int left = Math.Min(queue.Count, DropsMax); left > 0; left--)
        {
            int index = queue.Dequeue();
            if (entries[index].ToStore + retention > now)
            {
                queue.Enqueue(index);
                continue;
            }

            // ToStore stays: what was answered online and expires must not be taken for what a later answer says.
            entries[index].IsQueued = false;
        }
    }

    bool Enqueue(Queue<int> queue, int index)
    {
        if (entries[index].IsQueued)
            return false;
        entries[index].IsQueued = true;
        queue.Enqueue(index);
        return true;
    }
}

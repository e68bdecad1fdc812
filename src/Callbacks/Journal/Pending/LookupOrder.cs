namespace Callbacks.Journal.Pending;

/// <summary>
/// The order of lookups. Normally the id with the oldest waiting sighting is next. A first-in-first-out queue that can't keep up, with a
/// deadline, looks up only what is about to expire; so from the moment when the oldest wait passes half the retention and all that wait
/// would take as long at the pace of the last seconds, until one of the two is below a quarter, ids that were named a moment ago come
/// first, still by their oldest waiting sighting, and after them the rest, newest first. An id that is named all the time keeps its turn
/// that way, for its row will be fresh whenever it is asked; one that was named once is asked at once or, if that can't be, last. A long
/// wait alone is no overload: after an outage it is what the outage left. Not safe for use by several threads.
/// </summary>
/// <param name="plenty">So many ids that were named a moment ago are more than lookups can take before they are stale.</param>
sealed class LookupOrder(PendingIds entries, long retention, long tickMicroseconds, int plenty)
{
    /// <summary>Taken back at a time when overload has ended: many enough to be done soon, few enough to be no pause.</summary>
    const int TakenBackMax = 16;

    readonly TimeWheel _waiting = new(entries, tickMicroseconds);
    readonly TimeWheel _stale = new(entries, tickMicroseconds);
    readonly AnswerPace _pace = new(retention / 30);
    readonly long _fresh = retention / 30;
    bool _isOverloaded;

    public int Count => _waiting.Count + _stale.Count;

    /// <summary>
    /// An id that comes back from a failed lookup with a long wait behind it goes before all that have waited for less than a quarter of
    /// the retention, and does not make the queue look slow: it was not the queue that it waited for.
    /// </summary>
    public void AddAfterFailure(int index, long now) => _waiting.Add(index, Math.Max(entries[index].Oldest, now - retention / 4));

    /// <summary>Behind all that waits, whatever it has waited for.</summary>
    public void AddLast(int index, long now) => _waiting.Add(index, now);

    public void Add(int index) => _waiting.Add(index, entries[index].Oldest);

    /// <summary>A lookup was answered: what the pace is told by.</summary>
    public void CountAnswer() => _pace.Count();

    /// <summary>A sighting of an id that waits already: it may be older than those known, or make the id fresh again.</summary>
    public void Renew(int index, long received, long now)
    {
        ref PendingId entry = ref entries[index];
        bool isOlder = received < entry.Oldest;
        if (isOlder)
            entry.Oldest = received;
        if (entry.State == IdState.Stale && received > now - _fresh)
        {
            _stale.Remove(index);
            entry.State = IdState.Waiting;
            Add(index);
        }
        else if (entry.State == IdState.Waiting && isOlder)
        {
            _waiting.Remove(index);
            Add(index);
        }
    }

    /// <summary>Takes the next one out of the order.</summary>
    /// <param name="unfitUpTo">Sightings up to here may wait on disk, which is the longest wait of all.</param>
    public bool TryTake(long now, long unfitUpTo, out int index)
    {
        // An id whose sightings have all expired is handed out at once, so that the table can drop it: left where it is, it would count as
        // a long wait for ever.
        index = _stale.PeekOldest(out _);
        if (index != 0 && IsExpired(index, now))
        {
            _stale.Remove(index);
            return true;
        }

        if (IsOverloaded(now, unfitUpTo))
        {
            if (TryTakeFresh(now, out index))
                return true;
            index = _stale.PeekNewest();
            if (index != 0)
                _stale.Remove(index);
            return index != 0;
        }

        TakeBackStale();
        index = _waiting.PeekOldest(out _);
        if (index != 0)
            _waiting.Remove(index);
        return index != 0;
    }

    /// <summary>Under overload: whether so many fresh ids wait that another one makes no difference. Sets stale ones aside on the way.</summary>
    public bool HasPlentyFresh(long now)
    {
        if (!_isOverloaded)
            return false;
        // Two for each newcomer: the stale ones go faster than they come.
        for (int looked = 0; looked < 2 && _waiting.Count >= plenty; looked++)
        {
            int index = _waiting.PeekOldest(out _);
            if (entries[index].Newest > now - _fresh)
                return true;
            SetAside(index);
        }

        return false;
    }

    /// <summary>Takes out one that room may be made of: among the least recently named, and none that has just come.</summary>
    public bool TryTakeLeastUseful(long now, out int index)
    {
        index = _stale.PeekOldest(out _);
        if (index != 0)
        {
            _stale.Remove(index);
            return true;
        }

        index = _waiting.PeekOldest(out _);
        if (index == 0 || entries[index].Newest > now - _fresh)
            return false;
        _waiting.Remove(index);
        return true;
    }

    public bool IsOverloaded(long now, long unfitUpTo)
    {
        _ = _waiting.PeekOldest(out long waitingSince);
        _ = _stale.PeekOldest(out long staleSince);
        long oldest = now;
        if (_waiting.Count > 0)
            oldest = Math.Min(oldest, waitingSince);
        if (_stale.Count > 0)
            oldest = Math.Min(oldest, staleSince);
        long age = now - oldest;
        long limit = _isOverloaded ? retention / 4 : retention / 2;
        _pace.Advance(now);
        // What had to leave a full window is about as old as the window is long: by these it is overloaded even if nothing in it has waited for long.
        _isOverloaded = unfitUpTo > now - retention / 2 || (age > limit && _pace.TimeFor(Count, now) > limit);
        return _isOverloaded;
    }

    bool IsExpired(int index, long now) => entries[index].Newest + retention <= now;

    bool TryTakeFresh(long now, out int index)
    {
        while ((index = _waiting.PeekOldest(out _)) != 0)
        {
            if (entries[index].Newest > now - _fresh || IsExpired(index, now))
            {
                _waiting.Remove(index);
                return true;
            }

            // At most once per id, until it is named again.
            SetAside(index);
        }

        return false;
    }

    /// <summary>By their oldest sightings again.</summary>
    void TakeBackStale()
    {
        for (int taken = 0; taken < TakenBackMax; taken++)
        {
            int index = _stale.PeekOldest(out _);
            if (index == 0)
                return;
            _stale.Remove(index);
            entries[index].State = IdState.Waiting;
            Add(index);
        }
    }

    void SetAside(int index)
    {
        _waiting.Remove(index);
        entries[index].State = IdState.Stale;
        _stale.Add(index, entries[index].Newest);
    }
}

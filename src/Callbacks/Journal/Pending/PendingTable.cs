using Callbacks.Journal.Log;
using Callbacks.Time;

namespace Callbacks.Journal.Pending;

/// <summary>Which visit of a callback it is: see <see cref="PendingTable.Visit"/>.</summary>
enum VisitKind
{
    /// <summary>The first: its ids enter the window, and push out older ones where there is no room.</summary>
    Arrival,

    /// <summary>A later one: ids that are not in the window enter it where there is room.</summary>
    Again,

    /// <summary>Its retention has passed: what has no outcome by now has expired.</summary>
    Last,
}

/// <summary>A lookup to make. The entry is the table's own; attempts are those that have failed in a row.</summary>
readonly record struct Lookup(int Entry, long Id, byte Attempts);

/// <summary>
/// The window: what is known of the ids that pending callbacks name. Nothing is kept per sighting. A lookup that started at S answers
/// every sighting of its id received before S, so the outcome of a sighting follows from a few times that are kept per id; the
/// callbacks themselves stay in the log, and are visited again until all their sightings have an outcome. An id that is named by a
/// thousand callbacks costs as much as one that is named once. What the window can't take stays on disk and enters at a later visit.
/// All members are safe for use by several threads.
/// </summary>
sealed class PendingTable
{
    const long BackoffTickMicroseconds = 16_000;
    const int TicksPerRetention = 256;
    const int EvictionAttempts = 4;

    readonly Lock _lock = new();
    readonly PendingId[] _entries;
    readonly IdIndex _index;
    readonly LookupOrder _order;
    readonly TimeWheel _backoff;
    readonly Queue<int> _storeQueue = new();
    readonly List<(int Index, long Seen)> _storing = [];
    readonly long _retention;
    readonly bool _keepAll;
    readonly int _answeredMax;
    EntryList _answered;
    int _answeredCount;
    int _firstFree;
    int _used;
    int _inFlight;
    Instant _unfitUpTo;
    ulong _warmed;

    /// <param name="keepAll">Whether an offline answer is stored (Store:Keep=All) or filtered out.</param>
    public PendingTable(TimeSpan retention, int idsMax, bool keepAll, Random random)
    {
        _retention = retention.Ticks / TimeSpan.TicksPerMicrosecond;
        _keepAll = keepAll;
        _entries = new PendingId[idsMax + 1];
        _index = new IdIndex(_entries, random);
        _order = new LookupOrder(_entries, _retention, _retention / TicksPerRetention, idsMax / 16);
        _backoff = new TimeWheel(_entries, BackoffTickMicroseconds);
        _answeredMax = idsMax / 4 * 3;
    }

    /// <summary>Set when an id may have come to wait for a lookup.</summary>
    public Signal LookupsWaiting { get; } = new();

    /// <summary>Set when there is something to store.</summary>
    public Signal AnswersWaiting { get; } = new();

    /// <summary>
    /// Sightings received up to this moment may be missing from the window, although they are pending. <see cref="Instant.MinValue"/>
    /// when nothing was ever left out.
    /// </summary>
    public Instant UnfitUpTo
    {
        get
        {
            lock (_lock)
                return _unfitUpTo;
        }
    }

    public PendingTableStatus Status(Instant now)
    {
        lock (_lock)
        {
            return new PendingTableStatus(
                _used, _order.Count, _inFlight, _backoff.Count, _answeredCount, _storeQueue.Count + _storing.Count,
                _order.IsOverloaded(now.Microseconds, _unfitUpTo.Microseconds));
        }
    }

    /// <summary>
    /// Goes through a callback's sightings. True when each has an outcome, which are then in <paramref name="outcomes"/>; false when
    /// at least one is pending, and it has to be visited again.
    /// </summary>
    /// <param name="expiredByFailure">Adds up expired sightings by <see cref="LookupFailure"/>.</param>
    public bool Visit(in CallbackFrame callback, VisitKind visit, Instant now, out OutcomeCounts outcomes, Span<long> expiredByFailure)
    {
        outcomes = default;
        bool isPending = false, wake = false;
        Span<long> expired = stackalloc long[expiredByFailure.Length];
        expired.Clear();
        lock (_lock)
        {
            if (visit == VisitKind.Arrival)
                _warmed ^= _index.Warm(callback.Ids);
            foreach (long id in callback.Ids)
            {
                Outcome outcome = Touch(id, callback.ReceivedAt.Microseconds, visit, now.Microseconds, ref wake, out LookupFailure failure);
                if (outcome != Outcome.Pending)
                {
                    outcomes.Add(outcome);
                    if (outcome == Outcome.Expired)
                        expired[(int)failure]++;
                    continue;
                }

                isPending = true;
                // One is enough to come again, unless others have to enter the window and there is room.
                if (visit == VisitKind.Last || (visit == VisitKind.Again && (callback.ReceivedAt > _unfitUpTo || IsFull)))
                    break;
            }
        }

        if (wake)
            LookupsWaiting.Set();
        if (isPending)
            return false;
        for (int i = 0; i < expired.Length; i++)
            expiredByFailure[i] += expired[i];
        return true;
    }

    /// <summary>The id whose turn it is, if one waits: from now on it is in flight.</summary>
    public bool TryStart(Instant now, out Lookup lookup)
    {
        lock (_lock)
        {
            ReturnFromBackoff(now.Microseconds);
            while (_order.TryTake(now.Microseconds, _unfitUpTo.Microseconds, out int index))
            {
                ref PendingId entry = ref _entries[index];
                if (entry.Newest + _retention <= now.Microseconds)
                {
                    // Every sighting of it has expired, whether its last visit was yet or not: there is nothing to ask for.
                    ToAnswered(index);
                    continue;
                }

                entry.State = IdState.InFlight;
                entry.When = Math.Max(now.Microseconds, entry.Newest + 1);
                entry.Asked = entry.Newest;
                entry.NextOldest = long.MaxValue;
                _inFlight++;
                lookup = new Lookup(index, entry.Id, entry.Attempts);
                return true;
            }

            lookup = default;
            return false;
        }
    }

    /// <summary>How long until an id comes back from backoff; null when none is there.</summary>
    public TimeSpan? UntilNextRetry(Instant now)
    {
        lock (_lock)
        {
            if (_backoff.PeekOldest(out long time) == 0)
                return null;
            return TimeSpan.FromMicroseconds(Math.Max(0, time + BackoffTickMicroseconds - now.Microseconds));
        }
    }

    /// <summary>The lookup brought a usable answer: it covers what was received before it started.</summary>
    public void Answered(in Lookup lookup, LookupAnswer answer)
    {
        bool wakeStore = false, wakeLookups = false;
        lock (_lock)
        {
            ref PendingId entry = ref _entries[lookup.Entry];
            _inFlight--;
            entry.AnsweredStart = entry.When;
            entry.Answer = answer;
            entry.Attempts = 0;
            entry.Failure = LookupFailure.None;
            if (IsKept(answer))
                wakeStore = ToStore(lookup.Entry, entry.Asked, answer);

            if (entry.NextOldest != long.MaxValue)
            {
                entry.Oldest = entry.NextOldest;
                ToWaiting(lookup.Entry);
                wakeLookups = true;
            }
            else
            {
                ToAnswered(lookup.Entry);
            }
        }

        if (wakeStore)
            AnswersWaiting.Set();
        if (wakeLookups)
            LookupsWaiting.Set();
    }

    /// <summary>The lookup brought nothing: its sightings wait for another one, not before <paramref name="retryAt"/>.</summary>
    public void Failed(in Lookup lookup, LookupFailure failure, Instant retryAt)
    {
        lock (_lock)
        {
            ref PendingId entry = ref _entries[lookup.Entry];
            _inFlight--;
            entry.Failure = failure;
            entry.Attempts = (byte)Math.Min(entry.Attempts + 1, byte.MaxValue);
            entry.Oldest = Math.Min(entry.Oldest, entry.NextOldest);
            entry.When = retryAt.Microseconds;
            entry.State = IdState.Backoff;
            _backoff.Add(lookup.Entry, entry.When);
        }
    }

    /// <summary>The lookup was not made, or was broken off by us: the id waits for its turn as if nothing had been.</summary>
    public void NotMade(in Lookup lookup)
    {
        lock (_lock)
        {
            ref PendingId entry = ref _entries[lookup.Entry];
            _inFlight--;
            entry.Oldest = Math.Min(entry.Oldest, entry.NextOldest);
            ToWaiting(lookup.Entry);
        }
    }

    /// <summary>Takes answers for the store, at most <paramref name="rowsMax"/>, none of which has outlived its retention. True when more wait.</summary>
    public bool TakeAnswers(Instant now, int rowsMax, Action<long, bool, Instant> add)
    {
        lock (_lock)
        {
            while (_storing.Count < rowsMax && _storeQueue.TryDequeue(out int index))
            {
                ref PendingId entry = ref _entries[index];
                entry.IsQueued = false;
                if (entry.ToStore + _retention <= now.Microseconds)
                {
                    entry.ToStore = 0;
                    continue;
                }

                entry.IsStoring = true;
                _storing.Add((index, entry.ToStore));
                add(entry.Id, entry.ToStoreOnline, new Instant(entry.ToStore));
            }

            return _storeQueue.Count > 0;
        }
    }

    /// <summary>What was taken last is committed.</summary>
    public void AnswersStored()
    {
        bool wake = false;
        lock (_lock)
        {
            foreach ((int index, long seen) in _storing)
            {
                ref PendingId entry = ref _entries[index];
                entry.IsStoring = false;
                entry.StoredSeen = Math.Max(entry.StoredSeen, seen);
                if (entry.ToStore > seen)
                    wake |= Enqueue(index);
                else
                    entry.ToStore = 0;
            }

            _storing.Clear();
        }

        if (wake)
            AnswersWaiting.Set();
    }

    /// <summary>What was taken last was not committed, or nobody knows.</summary>
    public void AnswersReturned()
    {
        bool wake = false;
        lock (_lock)
        {
            foreach ((int index, _) in _storing)
            {
                _entries[index].IsStoring = false;
                wake |= Enqueue(index);
            }

            _storing.Clear();
        }

        if (wake)
            AnswersWaiting.Set();
    }

    /// <summary>Forgets ids that no pending callback can name any more: all callbacks received before are settled.</summary>
    public void Release(Instant settledBefore)
    {
        lock (_lock)
        {
            while (_answered.First is var index and not 0)
            {
                ref PendingId entry = ref _entries[index];
                if (entry.Newest >= settledBefore.Microseconds || entry.IsQueued || entry.IsStoring)
                    break;
                Free(index);
            }
        }
    }

    /// <summary>
    /// As <see cref="ICoverage.FindCovered"/>, for ids that the window knows; adds to <paramref name="absent"/> those that may be named by
    /// callbacks that it does not know of.
    /// </summary>
    public void FindCovered(ReadOnlySpan<long> ids, Instant since, ReadOnlySpan<Instant> receivedBy, Span<bool> covered, Dictionary<long, Instant> absent)
    {
        lock (_lock)
        {
            for (int i = 0; i < ids.Length; i++)
            {
                int index = _index.Find(ids[i]);
                covered[i] = index != 0 && IsCovered(in _entries[index], since.Microseconds, receivedBy[i].Microseconds);
                // One that left the window and came back by an older callback does not know of the newer ones on disk.
                if (!covered[i] && (index == 0 || _entries[index].Newest < _unfitUpTo.Microseconds))
                    absent[ids[i]] = receivedBy[i];
            }
        }
    }

    bool IsCovered(in PendingId entry, long since, long receivedBy)
    {
        // Waits to be committed, though a later answer may have settled what came after it.
        if (entry.ToStore > since)
            return true;
        if (entry.Newest <= since || OutcomeOf(in entry, entry.Newest) != Outcome.Pending)
            return false;
        // Whether all of its pending sightings came later is known only of one that waits for its first answer, and is all there.
        bool isAllLater = entry.State != IdState.Answered && entry.Oldest > receivedBy && _unfitUpTo.Microseconds <= since;
        return !isAllLater;
    }

    Outcome Touch(long id, long received, VisitKind visit, long now, ref bool wake, out LookupFailure failure)
    {
        failure = LookupFailure.None;
        int index = _index.Find(id);
        if (index == 0)
        {
            if (visit == VisitKind.Last)
                return Outcome.Expired;
            if (TryAllocate(visit, now, out index))
            {
                ref PendingId added = ref _entries[index];
                added = new PendingId { Id = id, Newest = received, Oldest = received };
                _index.Add(id, index);
                ToWaiting(index);
                wake = true;
            }
            else
            {
                _unfitUpTo = Instant.Max(_unfitUpTo, new Instant(received));
            }

            return Outcome.Pending;
        }

        ref PendingId entry = ref _entries[index];
        if (received > entry.Newest)
            entry.Newest = received;
        Outcome outcome = OutcomeOf(in entry, received);
        if (outcome != Outcome.Pending)
            return outcome;

        if (visit == VisitKind.Last)
        {
            // The statement under way was sent in time; its outcome is the sighting's.
            if (entry.IsStoring && received <= entry.ToStore)
                return Outcome.Pending;
            failure = entry.Failure;
            return Outcome.Expired;
        }

        if (received <= entry.ToStore)
            return Outcome.Pending;

        if (received < entry.AnsweredStart)
        {
            // A usable answer to a lookup that started after it, which did not know of it yet.
            if (ToStore(index, received, entry.Answer))
                AnswersWaiting.Set();
            return Outcome.Pending;
        }

        Await(index, received, now, ref wake);
        return Outcome.Pending;
    }

    /// <summary>What the answers so far make of a sighting.</summary>
    Outcome OutcomeOf(in PendingId entry, long received)
    {
        if (received <= entry.StoredSeen)
            return Outcome.Stored;
        if (received <= entry.ToStore || received >= entry.AnsweredStart || IsKept(entry.Answer))
            return Outcome.Pending;
        return entry.Answer == LookupAnswer.Unknown ? Outcome.Unknown : Outcome.Offline;
    }

    /// <summary>The sighting needs a lookup that has not started, or has not ended.</summary>
    void Await(int index, long received, long now, ref bool wake)
    {
        ref PendingId entry = ref _entries[index];
        switch (entry.State)
        {
            case IdState.InFlight when received < entry.When:
                entry.Asked = Math.Max(entry.Asked, received);
                entry.Oldest = Math.Min(entry.Oldest, received);
                break;
            case IdState.InFlight:
                entry.NextOldest = Math.Min(entry.NextOldest, received);
                break;
            case IdState.Waiting or IdState.Stale:
                _order.Renew(index, received, now);
                break;
            case IdState.Backoff:
                entry.Oldest = Math.Min(entry.Oldest, received);
                break;
            case IdState.Answered:
                RemoveAnswered(index);
                entry.Oldest = received;
                ToWaiting(index);
                wake = true;
                break;
            case IdState.Free:
            default:
                throw new InvalidOperationException($"The id {entry.Id} is in the index and free.");
        }
    }

    bool IsKept(LookupAnswer answer) => answer == LookupAnswer.Online || (_keepAll && answer == LookupAnswer.Offline);

    /// <summary>True when the store has to be woken.</summary>
    bool ToStore(int index, long seen, LookupAnswer answer)
    {
        ref PendingId entry = ref _entries[index];
        if (seen <= entry.ToStore || seen <= entry.StoredSeen)
            return false;
        entry.ToStore = seen;
        entry.ToStoreOnline = answer == LookupAnswer.Online;
        return !entry.IsStoring && Enqueue(index);
    }

    bool Enqueue(int index)
    {
        if (_entries[index].IsQueued)
            return false;
        _entries[index].IsQueued = true;
        _storeQueue.Enqueue(index);
        return true;
    }

    void ToWaiting(int index)
    {
        _entries[index].State = IdState.Waiting;
        _order.Add(index);
    }

    void ToAnswered(int index)
    {
        _entries[index].State = IdState.Answered;
        _answered.AddLast(_entries, index);
        _answeredCount++;
    }

    void RemoveAnswered(int index)
    {
        _answered.Remove(_entries, index);
        _answeredCount--;
    }

    void ReturnFromBackoff(long now)
    {
        while (_backoff.PeekOldest(out long time) is var index and not 0 && time + BackoffTickMicroseconds <= now)
        {
            _backoff.Remove(index);
            _entries[index].State = IdState.Waiting;
            _order.AddAfterFailure(index, now);
        }
    }

    bool TryAllocate(VisitKind visit, long now, out int index)
    {
        if (IsFull && !TryMakeRoom(visit, now))
        {
            index = 0;
            return false;
        }

        _used++;
        if (_firstFree != 0)
        {
            index = _firstFree;
            _firstFree = _entries[index].Next;
        }
        else
        {
            // Entries are taken from the front, so that memory is touched only as far as it is needed.
            index = _used;
        }

        return true;
    }

    bool IsFull => _used == _entries.Length - 1;

    bool TryMakeRoom(VisitKind visit, long now)
    {
        // More than enough to choose from: an exchange of one unknown id for another would cost more than it brings.
        if (_order.HasPlentyFresh(now))
            return false;

        // Answers are the cheapest to lose, when there are many: what they told is asked again.
        if (_answeredCount > _answeredMax && _entries[_answered.First] is { IsQueued: false, IsStoring: false })
        {
            Free(_answered.First);
            return true;
        }

        for (int attempt = 0; visit == VisitKind.Arrival && attempt < EvictionAttempts && _order.TryTakeLeastUseful(now, out int index); attempt++)
        {
            ref PendingId entry = ref _entries[index];
            if (entry.AnsweredStart != 0)
            {
                // It knows the outcome of sightings whose callbacks are not settled, perhaps of thousands: it goes to the back instead.
                entry.State = IdState.Waiting;
                _order.AddLast(index, now);
                continue;
            }

            _unfitUpTo = Instant.Max(_unfitUpTo, new Instant(entry.Newest));
            Recycle(index);
            return true;
        }

        return false;
    }

    void Free(int index)
    {
        RemoveAnswered(index);
        Recycle(index);
    }

    void Recycle(int index)
    {
        ref PendingId entry = ref _entries[index];
        _index.Remove(entry.Id);
        entry.State = IdState.Free;
        entry.Next = _firstFree;
        _firstFree = index;
        _used--;
    }
}

/// <summary>Ids in the window, by where they stand. An id that is answered may be in the store's queue at the same time.</summary>
readonly record struct PendingTableStatus(int Ids, int Waiting, int InFlight, int Backoff, int Answered, int ToStore, bool IsOverloaded);

using Callbacks.Journal.Log;
using Callbacks.Time;

namespace Callbacks.Journal.Pending;

/// <summary>
/// The window: what is known of the ids that pending callbacks name. Nothing is kept per sighting. A lookup that started at S answers
/// every sighting of its id received before S, so the outcome of a sighting follows from a few times that are kept per id; the
/// callbacks themselves stay in the log, and are visited again until all their sightings have an outcome. An id that is named by a
/// thousand callbacks costs as much as one that is named once. What the window can't take stays on disk and enters at a later visit.
/// All members are safe for use by several threads.
/// </summary>
sealed class PendingTable
{
    const int FewIds = 4;
    // A millisecond or two; whoever ends a lookup meanwhile waits.
    internal const int ReleasedAtOnce = 4096;
    readonly Lock _lock = new();
    // Those of the callback that is visited, as many as are looked at in one go.
    readonly long[] _ids = new long[IdIndex.WarmIdsMax];
    readonly IdSlots _slots;
    readonly PendingIds _entries;
    readonly LookupStates _states;
    readonly StoreQueue _store;
    readonly bool _keepAll;
    readonly long _retention;
    Instant _unfitUpTo;
    ulong _warmed;

    /// <param name="keepAll">Whether an offline answer is stored (Store:Keep=All) or filtered out.</param>
    public PendingTable(TimeSpan retention, int idsMax, bool keepAll, Random random)
    {
        _retention = retention.Ticks / TimeSpan.TicksPerMicrosecond;
        _keepAll = keepAll;
        _slots = new IdSlots(idsMax, random);
        _entries = _slots.Entries;
        _states = new LookupStates(_entries, _retention);
        _store = new StoreQueue(_entries, _retention);
    }

    /// <summary>Set when an id may have come to wait for a lookup.</summary>
    public Signal LookupsWaiting { get; } = new();

    /// <summary>Set when there is something to store.</summary>
    public Signal AnswersWaiting { get; } = new();

    /// <summary>Pending sightings received up to this moment may be missing from the window; <see cref="Instant.MinValue"/>: none was ever left out.</summary>
    public Instant UnfitUpTo
    {
        get
        {
            lock (_lock)
                return _unfitUpTo;
        }
    }

    /// <summary>Whether a callback received then may name ids that are not in the window, for which a visit may make room.</summary>
    public bool MayLack(Instant received)
    {
        lock (_lock)
            return received <= _unfitUpTo || _slots.IsFull;
    }

    public PendingTableStatus Status(Instant now)
    {
        lock (_lock)
        {
            bool isOverloaded = _states.IsOverloaded(now.Microseconds, _unfitUpTo.Microseconds);
            return new PendingTableStatus(_slots.Used, _states.Waiting, _states.InFlight, _states.Backoff, _states.Answered, _store.Count, isOverloaded);
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
            PackedIds ids = callback.Ids;
            // Other visits end at the first id, as a rule.
            int mask = (visit == VisitKind.Again ? FewIds : IdIndex.WarmIdsMax) - 1;
            for (int i = 0; i < ids.Length; i++)
            {
                if ((i & mask) == 0)
                {
                    Span<long> next = _ids.AsSpan(0, Math.Min(mask + 1, ids.Length - i));
                    ids.CopyTo(next, i);
                    if (visit != VisitKind.Again)
                        _warmed ^= _slots.Warm(next);
                }

                Outcome outcome = Touch(_ids[i & mask], callback.ReceivedAt.Microseconds, visit, now.Microseconds, ref wake, out LookupFailure failure);
                if (outcome != Outcome.Pending)
                {
                    outcomes.Add(outcome);
                    if (outcome == Outcome.Expired)
                        expired[(int)failure]++;
                    continue;
                }

                isPending = true;
                // One is enough to come again, unless others have to enter the window and there is room, or can be made.
                if (visit == VisitKind.Last || (visit == VisitKind.Again && (callback.ReceivedAt > _unfitUpTo || (_slots.IsFull && !_states.HasAnswersToSpare))))
                    break;
            }
        }

        Wake(lookups: wake, store: false);
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
            return _states.TryStart(now.Microseconds, _unfitUpTo.Microseconds, out lookup);
    }

    /// <summary>How long until an id comes back from backoff; null when none is there.</summary>
    public TimeSpan? UntilNextRetry(Instant now)
    {
        lock (_lock)
            return _states.UntilNextRetry(now.Microseconds);
    }

    /// <summary>The lookup brought a usable answer: it covers what was received before it started.</summary>
    public void Answered(in Lookup lookup, LookupAnswer answer, Instant now)
    {
        (bool Lookups, bool Store) wake;
        lock (_lock)
            wake = End(lookup, answer, now);
        Wake(wake.Lookups, wake.Store);
    }

    /// <summary><see cref="Answered"/>, and then <see cref="TryStart"/> for the next one, at half their price.</summary>
    public bool AnsweredTryStart(in Lookup lookup, LookupAnswer answer, Instant now, out Lookup next)
    {
        (bool Lookups, bool Store) wake;
        bool isStarted;
        lock (_lock)
        {
            wake = End(lookup, answer, now);
            isStarted = _states.TryStart(now.Microseconds, _unfitUpTo.Microseconds, out next);
        }

        Wake(wake.Lookups, wake.Store);
        return isStarted;
    }

    /// <summary>The lookup brought nothing: its sightings wait for another one, not before <paramref name="retryAt"/>.</summary>
    public void Failed(in Lookup lookup, LookupFailure failure, Instant retryAt, Instant now)
    {
        lock (_lock)
            _states.Fail(lookup, failure, retryAt.Microseconds, now.Microseconds);
    }

    /// <summary>The lookup was not made, or was broken off by us: the id waits for its turn as if nothing had been.</summary>
    public void NotMade(in Lookup lookup)
    {
        lock (_lock)
            _states.Undo(lookup);
    }

    /// <summary>Takes answers for the store, at most <paramref name="rowsMax"/>, none of which has outlived its retention. True when more wait.</summary>
    public bool TakeAnswers(Instant now, int rowsMax, Action<long, bool, Instant> add, bool suspects = false)
    {
        lock (_lock)
            return _store.Take(now.Microseconds, rowsMax, add, suspects);
    }

    /// <summary>What was taken last is committed.</summary>
    public void AnswersStored()
    {
        bool wake;
        lock (_lock)
            wake = _store.Stored();
        Wake(lookups: false, store: wake);
    }

    /// <summary>What was taken last was not committed, or nobody knows.</summary>
    public void AnswersReturned(bool asSuspects = false)
    {
        bool wake;
        lock (_lock)
            wake = _store.Returned(asSuspects);
        Wake(lookups: false, store: wake);
    }

    /// <summary>Forgets ids that no pending callback can name any more: all callbacks received before are settled, and read up to (<see cref="ICoverage.ReadUpTo"/>).</summary>
    /// <returns>Whether to come again at once: so many at a time that nobody waits long for the lock.</returns>
    public bool Release(Instant settledBefore, Instant readUpTo)
    {
        lock (_lock)
        {
            _store.DropExpired(readUpTo.Microseconds);
            int left = ReleasedAtOnce;
            for (; left > 0 && _states.TryTakeSettled(settledBefore.Microseconds, readUpTo.Microseconds, out int index); left--)
                _slots.Remove(index);
            return left == 0;
        }
    }

    /// <summary>As <see cref="ICoverage.FindCovered"/>; adds to <paramref name="absent"/> the ids that callbacks may name which the window doesn't know of.</summary>
    public void FindCovered(ReadOnlySpan<long> ids, Instant since, ReadOnlySpan<Instant> receivedBy, bool wereCovered, Span<bool> covered, Dictionary<long, Instant> absent)
    {
        lock (_lock)
        {
            for (int i = 0; i < ids.Length; i++)
            {
                int index = _slots.Find(ids[i]);
                covered[i] = index != 0 && _entries[index].IsCovered(since.Microseconds + _retention, _retention, receivedBy[i].Microseconds, _keepAll, _entries.DetailsOf(index).CoveredSince);
                // One that left the window and came back by an older callback does not know of the newer ones on disk.
                if (!covered[i] && (index == 0 || _entries[index].Newest < _unfitUpTo.Microseconds))
                    absent[ids[i]] = wereCovered ? Instant.MaxValue : receivedBy[i];
            }
        }
    }

    (bool WakeLookups, bool WakeStore) End(in Lookup lookup, LookupAnswer answer, Instant now) =>
        (_states.End(lookup, answer, now.Microseconds), PendingId.IsKept(answer, _keepAll) && _store.Add(lookup.Entry, _entries.DetailsOf(lookup.Entry).Asked, answer));

    void Wake(bool lookups, bool store)
    {
        if (store)
            AnswersWaiting.Set();
        if (lookups)
            LookupsWaiting.Set();
    }

    Outcome Touch(long id, long received, VisitKind visit, long now, ref bool wake, out LookupFailure failure)
    {
        failure = LookupFailure.None;
        int index = _slots.Find(id);
        if (index == 0)
        {
            if (visit == VisitKind.Last)
                return Outcome.Expired;
            if (!_slots.IsFull || TryMakeRoom(visit != VisitKind.Again, now))
            {
                _states.Enter(_slots.Add(id, received, coveredSince: visit == VisitKind.Arrival && _unfitUpTo.Microseconds + _retention < received ? received : 0));
                wake = true;
            }
            else
                _unfitUpTo = Instant.Max(_unfitUpTo, new Instant(received));

            return Outcome.Pending;
        }

        ref PendingId entry = ref _entries[index];
        entry.Note(received, visit, _retention, _unfitUpTo.Microseconds, _keepAll, ref _entries.DetailsOf(index).CoveredSince);
        Outcome outcome = entry.OutcomeOf(received, _keepAll);
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
            if (_store.Add(index, received, entry.Answer))
                AnswersWaiting.Set();
            return Outcome.Pending;
        }

        wake |= _states.Await(index, received, now);
        return Outcome.Pending;
    }

    bool TryMakeRoom(bool isArrival, long now)
    {
        if (!_states.TryTakeLeastUseful(isArrival, now, out int index))
            return false;
        if (_entries[index].State != IdState.Answered)
            _unfitUpTo = Instant.Max(_unfitUpTo, new Instant(_entries[index].Newest));
        _slots.Remove(index);
        return true;
    }
}

namespace Callbacks.Journal.Pending;

/// <summary>
/// Where each id stands between being named and being answered: it waits for its turn, is in flight, in backoff, or answered. Not safe
/// for use by several threads.
/// </summary>
sealed class LookupStates(PendingIds entries, long retention)
{
    const long BackoffTickMicroseconds = 16_000;
    const int TicksPerRetention = 256;
    const int EvictionAttempts = 4;

    readonly LookupOrder _order = new(entries, retention, retention / TicksPerRetention, (entries.Length - 1) / 16);
    readonly TimeWheel _backoff = new(entries, BackoffTickMicroseconds);
    readonly int _answeredMax = (entries.Length - 1) / 4 * 3;
    EntryList _answered;

    public int Waiting => _order.Count;
    public int InFlight { get; private set; }
    public int Backoff => _backoff.Count;
    public int Answered => _answered.Count;

    /// <summary>Answers are the cheapest to lose, when there are many: what they told is asked again.</summary>
    public bool HasAnswersToSpare => _answered.Count > _answeredMax && !IsInStore(_answered.First);

    /// <inheritdoc cref="LookupOrder.IsOverloaded"/>
    public bool IsOverloaded(long now, long unfitUpTo) => _order.IsOverloaded(now, unfitUpTo);

    /// <summary>A new id waits for its first lookup.</summary>
    public void Enter(int index) => ToWaiting(index);

    /// <summary>A sighting needs a lookup that has not started, or has not ended. True when its id has come to wait for one.</summary>
    public bool Await(int index, long received, long now)
    {
        ref PendingId entry = ref entries[index];
        switch (entry.State)
        {
            case IdState.InFlight when received < entry.When:
                ref long asked = ref entries.DetailsOf(index).Asked;
                asked = Math.Max(asked, received);
                entry.Oldest = Math.Min(entry.Oldest, received);
                return false;
            case IdState.InFlight:
                ref long nextOldest = ref entries.DetailsOf(index).NextOldest;
                nextOldest = Math.Min(nextOldest, received);
                return false;
            case IdState.Waiting or IdState.Stale:
                _order.Renew(index, received, now);
                return false;
            case IdState.Backoff:
                entry.Oldest = Math.Min(entry.Oldest, received);
                return false;
            case IdState.Answered:
                _answered.Remove(entries, index);
                entry.Oldest = received;
                ToWaiting(index);
                return true;
            case IdState.Free:
            default:
                throw new InvalidOperationException($"The id {entry.Id} is in the index and free.");
        }
    }

    /// <summary>The id whose turn it is, if one waits: from now on it is in flight.</summary>
    public bool TryStart(long now, long unfitUpTo, out Lookup lookup)
    {
        ReturnFromBackoff(now);
        while (_order.TryTake(now, unfitUpTo, out int index))
        {
            ref PendingId entry = ref entries[index];
            if (entry.Newest + retention <= now)
            {
                // Every sighting of it has expired, whether its last visit was yet or not: there is nothing to ask for.
                ToAnswered(index, 0);
                continue;
            }

            entry.State = IdState.InFlight;
            entry.When = Math.Max(now, entry.Newest + 1);
            ref PendingIdDetails details = ref entries.DetailsOf(index);
            details.Asked = entry.Newest;
            details.NextOldest = long.MaxValue;
            InFlight++;
            lookup = new Lookup(index, entry.Id, entry.Attempts);
            return true;
        }

        lookup = default;
        return false;
    }

    /// <summary>How long until an id comes back from backoff; null when none is there.</summary>
    public TimeSpan? UntilNextRetry(long now)
    {
        if (_backoff.PeekOldest(out long time) == 0)
            return null;
        return TimeSpan.FromMicroseconds(Math.Max(0, time + BackoffTickMicroseconds - now));
    }

    /// <summary>A usable answer. True when its id waits for another lookup at once: it was named again meanwhile.</summary>
    public bool End(in Lookup lookup, LookupAnswer answer, long now)
    {
        ref PendingId entry = ref entries[lookup.Entry];
        InFlight--;
        _order.CountAnswer();
        entry.AnsweredStart = entry.When;
        entry.Answer = answer;
        entry.Attempts = 0;
        entry.Failure = LookupFailure.None;
        long nextOldest = entries.DetailsOf(lookup.Entry).NextOldest;
        if (nextOldest == long.MaxValue)
        {
            ToAnswered(lookup.Entry, now);
            return false;
        }

        entry.Oldest = nextOldest;
        ToWaiting(lookup.Entry);
        return true;
    }

    public void Fail(in Lookup lookup, LookupFailure failure, long retryAt, long now)
    {
        // First: the wheel spans little more than the longest delay, and what is overdue, after a pause of the process, would come to stand behind the newest.
        ReturnFromBackoff(now);
        ref PendingId entry = ref entries[lookup.Entry];
        InFlight--;
        entry.Failure = failure;
        entry.Attempts = (byte)Math.Min(entry.Attempts + 1, byte.MaxValue);
        entry.Oldest = Math.Min(entry.Oldest, entries.DetailsOf(lookup.Entry).NextOldest);
        entry.When = retryAt;
        entry.State = IdState.Backoff;
        _backoff.Add(lookup.Entry, entry.When);
    }

    /// <summary>The lookup was not made: its id waits for its turn as if nothing had been.</summary>
    public void Undo(in Lookup lookup)
    {
        ref PendingId entry = ref entries[lookup.Entry];
        InFlight--;
        entry.Oldest = Math.Min(entry.Oldest, entries.DetailsOf(lookup.Entry).NextOldest);
        ToWaiting(lookup.Entry);
    }

    /// <summary>Takes out the id that has been answered for longest, if no callback received at or after <paramref name="settledBefore"/> names it.</summary>
    public bool TryTakeSettled(long settledBefore, long readUpTo, out int index)
    {
        index = _answered.First;
        if (index == 0 || entries[index].Newest >= settledBefore || entries[index].When >= readUpTo || IsInStore(index))
            return false;
        _answered.Remove(entries, index);
        return true;
    }

    /// <summary>Takes out an id that another one may have the room of; it will have to be asked about again.</summary>
    /// <param name="isArrival">Whether the other one has just been received; for others only answers have to go.</param>
    public bool TryTakeLeastUseful(bool isArrival, long now, out int index)
    {
        // More than enough to choose from: an exchange of one unknown id for another would cost more than it brings.
        index = 0;
        if (_order.HasPlentyFresh(now))
            return false;

        if (HasAnswersToSpare)
        {
            index = _answered.First;
            _answered.Remove(entries, index);
            return true;
        }

        for (int attempt = 0; isArrival && attempt < EvictionAttempts && _order.TryTakeLeastUseful(now, out index); attempt++)
        {
            if (entries[index].AnsweredStart == 0)
                return true;
            // It knows the outcome of sightings whose callbacks are not settled, perhaps of thousands: it goes to the back instead.
            entries[index].State = IdState.Waiting;
            _order.AddLast(index, now);
        }

        return false;
    }

    bool IsInStore(int index) => entries[index].IsQueued || entries[index].IsStoring;

    void ToWaiting(int index)
    {
        entries[index].State = IdState.Waiting;
        _order.Add(index);
    }

    void ToAnswered(int index, long answeredAt)
    {
        entries[index].State = IdState.Answered;
        entries[index].When = answeredAt;
        _answered.AddLast(entries, index);
    }

    void ReturnFromBackoff(long now)
    {
        while (_backoff.PeekOldest(out long time) is var index and not 0 && time + BackoffTickMicroseconds <= now)
        {
            _backoff.Remove(index);
            entries[index].State = IdState.Waiting;
            _order.AddAfterFailure(index, now);
        }
    }
}

namespace Callbacks.Journal.Pending;

/// <summary>Where an id stands. Each state but the first and <see cref="InFlight"/> has a list that the id is in.</summary>
enum IdState : byte
{
    Free,

    /// <summary>For its turn.</summary>
    Waiting,

    /// <summary>For its turn, too, but under overload behind those that were named more recently.</summary>
    Stale,

    InFlight,

    /// <summary>For its next attempt.</summary>
    Backoff,

    /// <summary>Every sighting known of it is answered; it is kept until the callbacks that name it are settled.</summary>
    Answered,
}

/// <summary>
/// What is known of one id, but for its <see cref="PendingIdDetails"/>. There is nothing per sighting: a lookup settles by time, whatever was received before it started,
/// so a few times per id tell the outcome of any of its sightings. Times are service time in microseconds, zero for none.
/// </summary>
struct PendingId
{
    public long Id;

    /// <summary>Receive time of the newest sighting that was read.</summary>
    public long Newest;

    /// <summary>Receive time of the oldest sighting that no answer covers: its place in the order.</summary>
    public long Oldest;

    /// <summary>In flight: when the lookup started. In backoff: when the next one may. Answered: when the answer came, or zero.</summary>
    public long When;

    /// <summary>When the lookup started that brought the last usable answer.</summary>
    public long AnsweredStart;

    /// <summary>The newest <c>last_seen</c> that PostgreSQL has committed for it.</summary>
    public long StoredSeen;

    /// <summary>The <c>last_seen</c> that waits to be committed.</summary>
    public long ToStore;

    public IdState State;
    public LookupAnswer Answer;
    public LookupFailure Failure;
    public byte Attempts;
    public bool ToStoreOnline;

    /// <summary>In the queue to the store.</summary>
    public bool IsQueued;

    /// <summary>In the batch that is being written.</summary>
    public bool IsStoring;

    /// <summary>What the answers so far make of a sighting.</summary>
    /// <param name="received">The sighting's receive time.</param>
    /// <param name="keepAll">Whether offline answers are stored, too.</param>
    public readonly Outcome OutcomeOf(long received, bool keepAll)
    {
        if (received <= StoredSeen)
            return Outcome.Stored;
        if (received <= ToStore || received >= AnsweredStart || IsKept(Answer, keepAll))
            return Outcome.Pending;
        return Answer == LookupAnswer.Unknown ? Outcome.Unknown : Outcome.Offline;
    }

    /// <summary>Takes note of a sighting of an id that the window knows, in whatever order a visit brings it.</summary>
    /// <param name="unfitUpTo">Sightings up to here may be missing from the window.</param>
    /// <param name="keepAll">Whether offline answers are stored, too.</param>
    /// <param name="coveredSince"><see cref="PendingIdDetails.CoveredSince"/>.</param>
    public void Note(long received, VisitKind visit, long retention, long unfitUpTo, bool keepAll, ref long coveredSince)
    {
        if (received > Newest)
        {
            bool isCovered = unfitUpTo > Newest || (Newest + retention >= received && OutcomeOf(Newest, keepAll) == Outcome.Pending)
                || (ToStore > 0 && (IsStoring || ToStore + retention >= received)) || (State == IdState.Answered && When >= received);
            if (!isCovered)
                coveredSince = visit == VisitKind.Arrival ? received : 0;
            Newest = received;
        }
        else if (visit == VisitKind.Backlog && received < coveredSince)
        {
            // Pending until now, whatever becomes of it: what has not been read covers every id.
            coveredSince = 0;
        }
    }

    /// <summary>Whether its row has to stay.</summary>
    /// <param name="readUpTo">What was received later may not have been noted yet.</param>
    /// <param name="receivedBy">When the row ran out: what is received later saves it only if something was pending at every moment in between.</param>
    /// <param name="keepAll">Whether offline answers are stored, too.</param>
    /// <param name="coveredSince"><see cref="PendingIdDetails.CoveredSince"/>.</param>
    public readonly bool IsCovered(long readUpTo, long retention, long receivedBy, bool keepAll, long coveredSince)
    {
        if (coveredSince > receivedBy)
            return false;
        long since = readUpTo - retention;
        // What waits to be committed counts, though a later answer may have settled what came after it.
        if (ToStore > since || (Newest > since && OutcomeOf(Newest, keepAll) == Outcome.Pending))
            return true;
        // It was covered until the answer came, and may have been named again by then.
        return State == IdState.Answered && When > readUpTo;
    }

    public static bool IsKept(LookupAnswer answer, bool keepAll) => answer == LookupAnswer.Online || (keepAll && answer == LookupAnswer.Offline);
}

/// <summary>What is known of an id besides, and seldom looked at.</summary>
struct PendingIdDetails
{
    /// <summary>Receive time of the sighting since which something pending has named it at every moment; zero when that may be longer than is known.</summary>
    public long CoveredSince;

    /// <summary>Newest sighting received before the lookup in flight started: what an online answer proves seen.</summary>
    public long Asked;

    /// <summary>Oldest sighting received after the lookup in flight started; <see cref="long.MaxValue"/> for none.</summary>
    public long NextOldest;

    // List links and the bucket, which belong to EntryList and TimeWheel.
    public int Previous;
    public int Next;
    public ushort Bucket;
}

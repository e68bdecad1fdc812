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
/// All that is known of one id. There is nothing per sighting: a lookup settles by time, whatever was received before it started,
/// so a few times per id tell the outcome of any of its sightings. Times are service time in microseconds, zero for none.
/// </summary>
struct PendingId
{
    public long Id;

    /// <summary>Receive time of the newest sighting that was read.</summary>
    public long Newest;

    /// <summary>Receive time of the first sighting after a moment in which nothing pending named it, for those before had expired; zero when none is known.</summary>
    public long AfterGap;

    /// <summary>Receive time of the oldest sighting that no answer covers: its place in the order.</summary>
    public long Oldest;

    /// <summary>In flight: when the lookup started. In backoff: when the next one may.</summary>
    public long When;

    /// <summary>Newest sighting received before the lookup in flight started: what an online answer proves seen.</summary>
    public long Asked;

    /// <summary>Oldest sighting received after the lookup in flight started; <see cref="long.MaxValue"/> for none.</summary>
    public long NextOldest;

    /// <summary>When the lookup started that brought the last usable answer.</summary>
    public long AnsweredStart;

    /// <summary>The newest <c>last_seen</c> that PostgreSQL has committed for it.</summary>
    public long StoredSeen;

    /// <summary>The <c>last_seen</c> that waits to be committed.</summary>
    public long ToStore;

    // List links and the bucket, which belong to EntryList and TimeWheel.
    public int Previous;
    public int Next;
    public ushort Bucket;

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

    /// <summary>Takes note of a sighting that a visit brings, in whatever order.</summary>
    /// <param name="unfitUpTo">Sightings up to here may be missing from the window.</param>
    public void Note(long received, long retention, long unfitUpTo)
    {
        if (received > Newest)
        {
            if (Newest + retention < received && unfitUpTo <= Newest)
                AfterGap = received;
            Newest = received;
        }
        else if (received < AfterGap && received + retention >= AfterGap)
        {
            // An earlier life's, read only now: there was no gap.
            AfterGap = 0;
        }
    }

    /// <summary>Whether its row has to stay though it was last seen at <paramref name="since"/>.</summary>
    /// <param name="since">The row's <c>last_seen</c>.</param>
    /// <param name="receivedBy">What is received later doesn't count,</param>
    /// <param name="wasCovered">unless something was pending all the while.</param>
    /// <param name="unfitUpTo">Sightings up to here may be missing from the window.</param>
    /// <param name="keepAll">Whether offline answers are stored, too.</param>
    public readonly bool IsCovered(long since, long receivedBy, bool wasCovered, long unfitUpTo, bool keepAll)
    {
        // Waits to be committed, though a later answer may have settled what came after it.
        if (ToStore > since)
            return true;
        if (Newest <= since || OutcomeOf(Newest, keepAll) != Outcome.Pending)
            return false;
        if (AfterGap > receivedBy)
            return false;
        // Whether all of its pending sightings came later is known only of one that waits for its first answer, and is all there.
        bool isAllLater = !wasCovered && State != IdState.Answered && Oldest > receivedBy && unfitUpTo <= since;
        return !isAllLater;
    }

    public static bool IsKept(LookupAnswer answer, bool keepAll) => answer == LookupAnswer.Online || (keepAll && answer == LookupAnswer.Offline);
}

using Callbacks.Journal.Log;

namespace Callbacks.Journal;

/// <summary>How a sighting ended. <see cref="Pending"/> is not an outcome: it has none yet.</summary>
enum Outcome : byte
{
    Pending,
    Stored,
    Offline,
    Unknown,
    Expired,
}

/// <summary>Sightings by outcome, of one callback or of many.</summary>
record struct OutcomeCounts(long Stored, long Offline, long Unknown, long Expired)
{
    public readonly long Total => Stored + Offline + Unknown + Expired;

    public void Add(Outcome outcome)
    {
        switch (outcome)
        {
            case Outcome.Stored:
                Stored++;
                break;
            case Outcome.Offline:
                Offline++;
                break;
            case Outcome.Unknown:
                Unknown++;
                break;
            case Outcome.Expired:
                Expired++;
                break;
            case Outcome.Pending:
            default:
                throw new ArgumentOutOfRangeException(nameof(outcome), outcome, "Pending is not an outcome.");
        }
    }

    public static OutcomeCounts operator +(OutcomeCounts left, OutcomeCounts right) => new(
        left.Stored + right.Stored, left.Offline + right.Offline, left.Unknown + right.Unknown, left.Expired + right.Expired);
}

/// <summary>
/// The books of guarantee G2, in sightings, in this life of the process. <see cref="BalanceSnapshot.IsBalanced"/> compares two sides
/// that are counted at different places: what came in by the writer and the recovery, what went out by the follower, and what is
/// pending segment by segment.
/// </summary>
sealed class Balance
{
    readonly Lock _lock = new();
    readonly Dictionary<ulong, (long Callbacks, long Sightings)> _pendingBySegment = [];
    readonly Dictionary<byte, long> _expiredByReason = [];
    long _pendingAtStart;
    long _acknowledgedSightings;
    long _acknowledgedCallbacks;
    long _pendingCallbacks;
    long _settledCallbacks;
    OutcomeCounts _outcomes;

    /// <summary>A group is durable.</summary>
    public void Acknowledge(Segment segment, int callbacks, long sightings)
    {
        lock (_lock)
        {
            _acknowledgedCallbacks += callbacks;
            _acknowledgedSightings += sightings;
            AddPending(segment, callbacks, sightings);
        }
    }

    /// <summary>The recovery found this in an earlier life's segment.</summary>
    public void Recover(Segment segment, long callbacks, long sightings)
    {
        lock (_lock)
        {
            _pendingAtStart += sightings;
            AddPending(segment, callbacks, sightings);
        }
    }

    public void Settle(Segment segment, in OutcomeCounts outcomes)
    {
        lock (_lock)
        {
            _outcomes += outcomes;
            _settledCallbacks++;
            AddPending(segment, -1, -outcomes.Total);
        }
    }

    /// <param name="reason">The last lookup's failure; see <see cref="Pending.LookupFailure"/>.</param>
    public void CountExpired(byte reason, long sightings)
    {
        lock (_lock)
            _expiredByReason[reason] = _expiredByReason.GetValueOrDefault(reason) + sightings;
    }

    /// <summary>The segment is about to leave the journal.</summary>
    public void Forget(Segment segment)
    {
        lock (_lock)
        {
            // Nothing is left of a segment that leaves, unless it was damaged: what can't be read can't be settled.
            if (_pendingBySegment.Remove(segment.Number, out (long Callbacks, long Sightings) lost))
                _pendingCallbacks -= lost.Callbacks;
        }
    }

    public BalanceSnapshot Snapshot()
    {
        lock (_lock)
        {
            return new BalanceSnapshot(
                _pendingAtStart, _acknowledgedSightings, _outcomes, _pendingBySegment.Values.Sum(pending => pending.Sightings),
                _acknowledgedCallbacks, _settledCallbacks, _pendingCallbacks, new Dictionary<byte, long>(_expiredByReason));
        }
    }

    void AddPending(Segment segment, long callbacks, long sightings)
    {
        _pendingCallbacks += callbacks;
        (long Callbacks, long Sightings) before = _pendingBySegment.GetValueOrDefault(segment.Number);
        _pendingBySegment[segment.Number] = (before.Callbacks + callbacks, before.Sightings + sightings);
    }
}

/// <summary>One consistent reading of the books.</summary>
readonly record struct BalanceSnapshot(
    long PendingAtStart, long Acknowledged, OutcomeCounts Outcomes, long Pending,
    long AcknowledgedCallbacks, long SettledCallbacks, long PendingCallbacks, IReadOnlyDictionary<byte, long> ExpiredByReason)
{
    public bool IsBalanced => PendingAtStart + Acknowledged == Outcomes.Total + Pending;
}

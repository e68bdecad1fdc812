using Callbacks.Journal;
using Callbacks.Time;

namespace Callbacks.Tests.Journal.Simulation;

/// <summary>Something was lost, invented, or got stuck.</summary>
sealed class BrokenPromiseException(string message) : Exception(message);

/// <summary>One callback that was sent. Its first id is in no other one, and is online.</summary>
sealed class Sent(int sequence, long[] ids)
{
    /// <summary>Its place among all appends and starts of lookups.</summary>
    public int Sequence => sequence;

    public long[] Ids => ids;

    /// <summary>When it was sent: it was received no earlier.</summary>
    public Instant At { get; set; }

    /// <summary>Null while nobody answered, which is for ever when the process died before it did.</summary>
    public Receipt? Receipt { get; set; }

    public override string ToString() => $"callback {Receipt?.Number} ({ids.Length} ids from {ids[0]}, {(Receipt is not { } receipt ? "unanswered" : receipt.IsDurable ? "acknowledged" : "refused")})";
}

/// <summary>All that may be demanded, whatever has happened: what was acknowledged, the rows of the database, the last lookup of each id.</summary>
sealed class Model
{
    readonly List<Sent> _sent = [];
    readonly Dictionary<long, Instant> _rows = [];
    readonly Dictionary<long, int> _lookedUp = [];
    Receipt _last;

    /// <summary>An upstream that knows no other answer.</summary>
    public static bool IsOnline(long id) => id % 2 == 0;

    public void Send(Sent sent, Instant now)
    {
        sent.At = now;
        _sent.Add(sent);
    }

    public void Receive(Sent sent, in Receipt receipt)
    {
        sent.Receipt = receipt;
        if (!receipt.IsDurable)
            return;
        Demand(receipt.Number > _last.Number && receipt.ReceivedAt > _last.ReceivedAt, $"{sent} comes after number {_last.Number}, and is not later");
        _last = receipt;
    }

    /// <summary>A lookup that started at that place of the sequence was answered.</summary>
    public void LookUp(long id, int sequence) => _lookedUp[id] = Math.Max(sequence, _lookedUp.GetValueOrDefault(id));

    public void Commit(long id, Instant seen)
    {
        Demand(IsOnline(id), $"{id} was stored, and is offline");
        _rows[id] = Instant.Max(seen, _rows.GetValueOrDefault(id, Instant.MinValue));
    }

    /// <param name="now">When everything has come to rest.</param>
    /// <param name="retention">A sighting may have expired when it has passed.</param>
    public void Judge(Instant now, TimeSpan retention)
    {
        var taken = new HashSet<(long, Instant)>();
        var mayHaveBeenTaken = new HashSet<long>();
        bool isAllStored = true;
        foreach (Sent sent in _sent)
        {
            bool isStored = _rows.TryGetValue(sent.Ids[0], out Instant receivedAt);
            if (sent.Receipt is { IsDurable: true } receipt)
            {
                bool mayHaveExpired = receipt.ReceivedAt + retention <= now;
                Demand(isStored || mayHaveExpired, $"{sent} is lost");
                Demand(!isStored || receivedAt == receipt.ReceivedAt, $"{sent} was received at {receipt.ReceivedAt} and stored as of {receivedAt}");
            }

            // Neither lost nor there: not acknowledged, and not taken.
            isAllStored &= isStored || sent.Receipt is not { IsDurable: true };
            if (!isStored)
            {
                // Refused or unanswered it may have counted all the same, and its first id have expired while another one was stored.
                if (sent.At + retention <= now)
                    mayHaveBeenTaken.UnionWith(sent.Ids);
                continue;
            }

            foreach (long id in sent.Ids)
            {
                taken.Add((id, receivedAt));
                bool isSettled = _lookedUp.GetValueOrDefault(id) > sent.Sequence && (!IsOnline(id) || _rows.GetValueOrDefault(id, Instant.MinValue) >= receivedAt);
                Demand(isSettled || receivedAt + retention <= now, $"{sent} was taken without its id {id}");
            }
        }

        foreach ((long id, Instant seen) in _rows)
            Demand(!isAllStored || taken.Contains((id, seen)) || mayHaveBeenTaken.Contains(id), $"the row of {id} says {seen}, when no callback with it was received");
    }

    static void Demand(bool condition, string breach)
    {
        if (!condition)
            throw new BrokenPromiseException(breach);
    }
}

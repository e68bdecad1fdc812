using Callbacks.Tester.Records;

namespace Callbacks.Tester.Verify;

/// <summary>All POSTs of all ledgers, in columns: six million sightings are one array of ids, not six million objects.</summary>
sealed class Ledger
{
    readonly List<long> _sendStart = [];
    readonly List<long> _sendEnd = [];
    readonly List<long> _latest = [];
    readonly List<long> _receivedAt = [];
    readonly List<string> _callbackId = [];
    readonly List<Standing> _standing = [];
    readonly List<bool> _isAnswered = [];
    readonly List<int> _first = [0];
    readonly List<long> _ids = [];

    /// <summary>What a POST obliges the service to.</summary>
    public enum Standing : byte
    {
        /// <summary>Refused, or answered 4xx: nothing may come of it.</summary>
        NoEffect,

        /// <summary>No answer, or 5xx: it counts whole or not at all.</summary>
        MayCount,

        Acknowledged,
    }

    public int Count => _sendStart.Count;

    public Ledger(IEnumerable<PostRecord> posts)
    {
        foreach (PostRecord post in posts)
        {
            _sendStart.Add(post.SendStart);
            _sendEnd.Add(post.SendEnd);
            _latest.Add(post.SendEnd);
            _receivedAt.Add(post.ReceivedAt);
            _callbackId.Add(post.CallbackId);
            _standing.Add(post.IsAcknowledged ? Standing.Acknowledged : post.MayCount ? Standing.MayCount : Standing.NoEffect);
            _isAnswered.Add(post.Outcome == PostOutcome.Answered);
            _ids.AddRange(post.Ids);
            _first.Add(_ids.Count);
        }
    }

    public long SendStart(int callback) => _sendStart[callback];

    /// <summary>When a POST had been received, if it was, at the latest: its sender had the answer then.</summary>
    public long LatestReceipt(int callback) => _latest[callback];

    public long ReceivedAt(int callback) => _receivedAt[callback];

    public Standing StandingOf(int callback) => _standing[callback];

    /// <summary>The service's id for it; where there was none, its number in the ledger.</summary>
    public string Name(int callback) => _callbackId[callback].Length > 0 ? _callbackId[callback] : $"unanswered POST #{callback}";

    public string CallbackId(int callback) => _callbackId[callback];

    /// <summary>With repetitions, as it was sent.</summary>
    public ReadOnlySpan<long> Ids(int callback) =>
        System.Runtime.InteropServices.CollectionsMarshal.AsSpan(_ids)[_first[callback].._first[callback + 1]];

    /// <summary>Whether a POST that names the id may have been received at that moment.</summary>
    public bool MayHaveReceived(int callback, long receivedAt, long slack) =>
        receivedAt >= _sendStart[callback] - slack && receivedAt <= _latest[callback] + slack;

    /// <summary>
    /// What a sender that gave up had sent lies in the service's socket until the service reads it: on a crowded machine some time later, and in
    /// a process that was stopped when it goes on.
    /// </summary>
    /// <param name="unreadMax">How long it may lie there while the service runs.</param>
    /// <param name="ofService">When the service did not.</param>
    public void Extend(long unreadMax, IEnumerable<Outage> ofService)
    {
        Outage[] outages = [.. ofService.OrderBy(outage => outage.Start)];
        for (int callback = 0; callback < Count; callback++)
        {
            if (_standing[callback] != Standing.MayCount || _isAnswered[callback])
                continue;
            _latest[callback] = _sendEnd[callback] + unreadMax;
            foreach (Outage outage in outages)
            {
                if (outage.Start <= _latest[callback] && outage.End >= _sendStart[callback])
                    _latest[callback] = Math.Max(_latest[callback], outage.End + unreadMax);
            }
        }
    }

    /// <summary>The table shows that an unanswered POST counted, with this receive time: from now on all its ids are owed.</summary>
    public void Promote(int callback, long receivedAt)
    {
        _receivedAt[callback] = receivedAt;
        _latest[callback] = Math.Max(_sendEnd[callback], receivedAt);
        _standing[callback] = Standing.Acknowledged;
    }
}

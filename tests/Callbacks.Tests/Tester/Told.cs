using Callbacks.Tester.Records;
using Callbacks.Tester.Verify;

namespace Callbacks.Tests.Tester;

/// <summary>A history told by hand, in milliseconds since it began. Callbacks are acknowledged 5 ms after their receipt.</summary>
sealed class Told
{
    const long Origin = 1_800_000_000_000_000;

    readonly List<PostRecord> _posts = [];
    readonly List<LookupRecord> _lookups = [];
    readonly List<Change> _changes = [];
    readonly List<Outage> _outages = [];
    readonly Dictionary<long, TableRow> _table = [];

    public static long At(double ms) => Origin + (long)(ms * 1_000);

    public Told Callback(double receivedMs, params long[] ids)
    {
        _posts.Add(new PostRecord(At(receivedMs - 1), At(receivedMs + 5), PostOutcome.Answered, 202, At(receivedMs), $"tag-{_posts.Count}", ids));
        return this;
    }

    public Told Unanswered(double sentMs, PostOutcome outcome, params long[] ids)
    {
        _posts.Add(new PostRecord(At(sentMs), At(sentMs + 1_000), outcome, 0, 0, "", ids));
        return this;
    }

    public Told Answered(double sentMs, ushort status, params long[] ids)
    {
        _posts.Add(new PostRecord(At(sentMs), At(sentMs + 5), PostOutcome.Answered, status, 0, "", ids));
        return this;
    }

    public Told Post(PostRecord post)
    {
        _posts.Add(post);
        return this;
    }

    public Told Lookup(long id, double startMs, double endMs, LookupOutcome outcome = LookupOutcome.Online)
    {
        _lookups.Add(new LookupRecord(id, At(startMs), At(endMs), outcome));
        return this;
    }

    public Told Mark(double atMs, LookupOutcome listeningOrAway) => Lookup(0, atMs, atMs, listeningOrAway);

    public Told Outage(double startMs, double endMs, OutageKind kind)
    {
        _outages.Add(new Outage(At(startMs), At(endMs), kind));
        return this;
    }

    public Told Stored(double atMs, long id, double lastSeenMs, bool online = true)
    {
        var row = new TableRow(id, online, At(lastSeenMs));
        _changes.Add(_table.TryGetValue(id, out TableRow old)
            ? new Change(_changes.Count, At(atMs), ChangeKind.Update, id, old.Online, old.LastSeen, online, row.LastSeen)
            : new Change(_changes.Count, At(atMs), ChangeKind.Insert, id, false, 0, online, row.LastSeen));
        _table[id] = row;
        return this;
    }

    public Told Swept(double atMs, long id)
    {
        TableRow old = _table[id];
        _table.Remove(id);
        _changes.Add(new Change(_changes.Count, At(atMs), ChangeKind.Delete, id, old.Online, old.LastSeen, false, 0));
        return this;
    }

    /// <summary>Changes the table behind the audit's back.</summary>
    public Told Row(long id, double lastSeenMs, bool online = true)
    {
        _table[id] = new TableRow(id, online, At(lastSeenMs));
        return this;
    }

    public Verdict Judged(Rules? rules = null, double readMs = 100_000, bool audit = true, double auditFromMs = -1_000) => Judge.Run(
        new Evidence
        {
            Ledger = new Ledger(_posts),
            Lookups = [.. _lookups],
            Changes = audit ? [.. _changes] : null,
            AuditFrom = At(auditFromMs),
            Table = [.. _table.Values],
            ReadAt = At(readMs),
            Outages = _outages,
        },
        rules ?? new Rules());
}

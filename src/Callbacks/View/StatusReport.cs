using Callbacks.Journal;
using Callbacks.Journal.Pending;
using Callbacks.Store;
using Callbacks.Time;

namespace Callbacks.View;

/// <summary>
/// Puts the parts' own words together. What is of Lookup and of Sweep comes through functions, for the view does not import them.
/// </summary>
sealed class StatusReport(
    CallbackJournal journal, Balance balance, StoreState store, ServiceTime time, History history,
    Func<LookupView> lookup, Func<SweepView> sweep)
{
    public StatusView Read()
    {
        Instant now = time.Now;
        BalanceSnapshot books = balance.Snapshot();
        JournalStatus journalStatus = journal.Status();
        StoreHealth storeHealth = store.Health;
        LookupView lookupView = lookup();
        SweepView sweepView = sweep();
        (string state, List<string> reasons) = Judge(journalStatus, storeHealth, lookupView, sweepView, books);
        return new StatusView(
            state, reasons,
            new BalanceView(
                books.PendingAtStart, books.Acknowledged, books.Outcomes.Stored, books.Outcomes.Offline, books.Outcomes.Unknown, books.Outcomes.Expired,
                books.Pending, books.IsBalanced, NameFailures(books.ExpiredByReason)),
            new CallbackView(books.AcknowledgedCallbacks, books.SettledCallbacks, books.PendingCallbacks),
            journalStatus.OldestPending is { } oldest ? Math.Round((now - oldest).TotalSeconds, 3) : null,
            history.Rates,
            new JournalView(JournalState(journalStatus), journalStatus.Segments, journalStatus.Bytes, journalStatus.Spares, journalStatus.Damage),
            lookupView,
            new StoreView(storeHealth.IsUp ? "up" : "away", storeHealth.Since.ToString(), storeHealth.Error, store.RowsStored),
            sweepView);
    }

    /// <summary>Ready means that the journal accepts; everything else being away is degraded, and still ready. Null: not ready.</summary>
    public HealthView? ReadReadiness(out IReadOnlyList<string> reasons)
    {
        StatusView status = Read();
        reasons = status.Reasons;
        return status.State == Refusing ? null : new HealthView(status.State == Ok ? "ready" : $"ready, {status.State}", reasons);
    }

    const string Ok = "ok";
    const string Degraded = "degraded";
    const string Recovering = "recovering";
    const string Refusing = "refusing";

    (string State, List<string> Reasons) Judge(
        in JournalStatus journalStatus, in StoreHealth storeHealth, LookupView lookupView, SweepView sweepView, in BalanceSnapshot books)
    {
        var reasons = new List<string>();
        if (journalStatus.Problem is { } problem)
            reasons.Add($"The journal can't write: {problem}");
        else if (journalStatus.SpareProblem is { } spareProblem)
            reasons.Add($"The journal has no room for its next segment, and callbacks are refused when this one is full: {spareProblem}");
        reasons.AddRange(journalStatus.Damage);
        if (!storeHealth.IsUp)
            reasons.Add($"PostgreSQL is away: {storeHealth.Error}");
        if (storeHealth.RowError is { } rowError)
            reasons.Add($"PostgreSQL does not take a row: {rowError}");
        if (lookupView.State == "away")
            reasons.Add("The upstream is away: only probes go out.");
        else if (lookupView.State == "silent")
            reasons.Add("The upstream is silent: lookups wait, and none gets a usable answer.");
        if (lookupView.Ids.IsOverloaded)
            reasons.Add("More ids come in than can be looked up: the newest go first, the oldest expire.");
        if (sweepView.Error is { } error)
            reasons.Add($"Nothing is swept: {error}");
        if (time.IsDegraded)
            reasons.Add($"The wall clock is {-time.Apart.TotalSeconds:F1} s behind service time, which runs on.");
        if (!books.IsBalanced && !journalStatus.IsRecovering)
            reasons.Add("The balance does not hold: sightings were lost to damage of the journal, or this is a defect. Please report it.");

        if (journalStatus.Problem is not null)
            return (Refusing, reasons);
        if (journalStatus.IsRecovering)
        {
            reasons.Add("Earlier journal segments are being read; nothing is swept until then.");
            return (Recovering, reasons);
        }

        return (reasons.Count == 0 ? Ok : Degraded, reasons);
    }

    static string JournalState(in JournalStatus status) =>
        status.Problem is not null ? Refusing : status.IsRecovering ? Recovering : status.Damage.Count > 0 ? "damaged" : "up";

    static Dictionary<string, long> NameFailures(IReadOnlyDictionary<byte, long> byReason) =>
        byReason.ToDictionary(pair => ((LookupFailure)pair.Key).ToString().ToLowerInvariant(), pair => pair.Value, StringComparer.Ordinal);
}

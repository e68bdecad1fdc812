using Callbacks.Tester.Records;

namespace Callbacks.Tester.Verify;

/// <summary>Follows one object's row through all its changes, and says what must not have been.</summary>
sealed class RowJudge(Evidence evidence, Rules rules, SweepJudge sweeps, Verdict verdict)
{
    public void Judge(History history)
    {
        JudgeNaming(history);
        TableRow? row = null;
        long newest = long.MinValue;
        foreach (Change change in history.Changes)
        {
            if (change.Kind == ChangeKind.Delete)
            {
                sweeps.JudgeSweep(history, change);
                row = null;
                continue;
            }

            if (row is { } before)
                sweeps.JudgeStay(history, before.LastSeen, change.At);
            JudgeWrite(history, change.LastSeen, change.Online, change.At);
            long id = history.Id;
            long older = change.Kind == ChangeKind.Update ? Math.Max(newest, change.OldLastSeen) : newest;
            if (change.LastSeen < older)
            {
                verdict.Add(Wrong.OlderOverNewer, () =>
                    $"object {id}: at {Moment.Text(change.At)} last_seen became {Moment.Text(change.LastSeen)}, after it had been {Moment.Text(older)}");
            }

            newest = Math.Max(newest, change.LastSeen);
            row = new TableRow(change.Id, change.Online, change.LastSeen);
        }

        JudgeEnd(history, row);
    }

    void JudgeEnd(History history, TableRow? recorded)
    {
        bool everRecorded = history.Changes.Length > 0;
        if (evidence.Changes is not null && recorded != history.Row && (everRecorded || history.Row?.LastSeen >= evidence.AuditFrom))
        {
            (long id, TableRow? table) = (history.Id, history.Row);
            verdict.Add(Wrong.TableAndAuditDisagree, () => $"object {id}: the table has {Text(table)}, the recorded changes lead to {Text(recorded)}");
        }

        if (history.Row is not { } row)
            return;
        if (recorded != history.Row)
            JudgeWrite(history, row.LastSeen, row.Online, evidence.ReadAt);
        sweeps.JudgeStay(history, row.LastSeen, evidence.ReadAt);
    }

    static string Text(TableRow? row) =>
        row is { } there ? $"online {there.Online}, last_seen {Moment.Text(there.LastSeen)}" : "no row";

    /// <summary>Nobody may look up or store what no callback had named.</summary>
    void JudgeNaming(History history)
    {
        long named = long.MaxValue;
        foreach (int callback in history.Sightings)
            named = Math.Min(named, history.Ledger.SendStart(callback));
        foreach (int callback in history.MayCount)
            named = Math.Min(named, history.Ledger.SendStart(callback));

        long id = history.Id;
        if (history.Lookups.Length > 0 && history.Lookups[0].Start < named - rules.ClockSlack)
        {
            LookupRecord first = history.Lookups[0];
            verdict.Add(Wrong.NeverSent, () => $"object {id}: looked up at {Moment.Text(first.Start)}, and no callback had named it then");
        }

        if (named == long.MaxValue && (history.Changes.Length > 0 || history.Row is not null))
            verdict.Add(Wrong.NeverSent, () => $"object {id}: it is or was in the table, and no callback ever named it");
    }

    void JudgeWrite(History history, long lastSeen, bool online, long at)
    {
        long id = history.Id;
        if (!history.HasSightingAt(lastSeen) && !MayBeOf(history, lastSeen))
        {
            verdict.Add(Wrong.LastSeenIsNoReceiveTime, () =>
                $"object {id}: at {Moment.Text(at)} last_seen became {Moment.Text(lastSeen)}, which no callback that names it was received at");
        }
        else if (!online && !rules.KeepAll)
            verdict.Add(Wrong.OnlineIsNotTheAnswer, () => $"object {id}: at {Moment.Text(at)} it was stored though it was offline");
        else
            JudgeAnswer(history, lastSeen, online, at);

        if (at > lastSeen + rules.Retention + rules.StoreSlack && evidence.Changes is not null && at != evidence.ReadAt)
            verdict.Add(Wrong.StoredAfterItsLife, () => $"object {id}: stored at {Moment.Text(at)} with last_seen {Moment.Text(lastSeen)}");
    }

    void JudgeAnswer(History history, long lastSeen, bool online, long at)
    {
        LookupOutcome wanted = online ? LookupOutcome.Online : LookupOutcome.Offline;
        bool other = false;
        for (int index = history.FirstLookup(lastSeen - rules.ClockSlack); index < history.Lookups.Length; index++)
        {
            LookupRecord lookup = history.Lookups[index];
            if (lookup.Start > at + rules.ClockSlack)
                break;
            if (lookup.End > at + rules.ClockSlack)
                continue;
            if (lookup.Outcome == wanted)
                return;
            other |= lookup.IsGood;
        }

        bool before = false;
        foreach (LookupRecord lookup in history.Lookups[..history.FirstLookup(lastSeen - rules.ClockSlack)])
            before |= lookup.Outcome == wanted && lookup.End >= lastSeen - rules.Retention;

        long id = history.Id;
        verdict.Add(before && !other ? Wrong.LookupBeforeReceipt : Wrong.OnlineIsNotTheAnswer, () =>
            $"object {id}: stored at {Moment.Text(at)} as {wanted} with last_seen {Moment.Text(lastSeen)}, and no lookup begun between says so"
            + (before ? "; one begun before does" : ""));
    }

    bool MayBeOf(History history, long lastSeen)
    {
        foreach (int callback in history.MayCount)
        {
            if (history.Ledger.MayHaveReceived(callback, lastSeen, rules.ReceiveSlack))
                return true;
        }

        return false;
    }
}

using Callbacks.Tester.Records;

namespace Callbacks.Tester.Verify;

/// <summary>Passes the verdict: a function of the evidence and the rules, and of nothing else. Groups everything by object first.</summary>
static class Judge
{
    public static Verdict Run(Evidence evidence, Rules rules)
    {
        var verdict = new Verdict(rules);
        var objects = new Objects(evidence);
        evidence.Ledger.Extend(rules.UnreadMax, evidence.Outages.Where(outage => outage.Kind == OutageKind.Service));
        Promotion.Promote(evidence, rules, objects, Callbacks(evidence.Ledger, objects, Ledger.Standing.MayCount), verdict);

        JudgeAcknowledgements(evidence.Ledger, rules, verdict);
        Grouped<int> sightings = Callbacks(evidence.Ledger, objects, Ledger.Standing.Acknowledged);
        Grouped<int> mayCount = Callbacks(evidence.Ledger, objects, Ledger.Standing.MayCount);
        Grouped<LookupRecord> lookups = Lookups(evidence, objects);
        Grouped<Change> changes = Changes(evidence, objects);
        TableRow?[] rows = new TableRow?[objects.Count];
        foreach (TableRow row in evidence.Table)
            rows[objects.NumberOf(row.Id)] = row;

        var disturbances = new Disturbances(evidence, rules);
        var sweepJudge = new SweepJudge(rules, disturbances, verdict);
        var rowJudge = new RowJudge(evidence, rules, sweepJudge, verdict);
        var sightingJudge = new SightingJudge(evidence, rules, disturbances, verdict);
        for (int number = 0; number < objects.Count; number++)
        {
            var history = new History(
                objects.IdOf(number), evidence.Ledger, Distinct(sightings[number]), Distinct(mayCount[number]), lookups[number],
                changes[number], rows[number]);
            sightingJudge.Judge(history);
            rowJudge.Judge(history);
            verdict.OverlappingLookups += Overlapping(history.Lookups, rules.ClockSlack);
        }

        sweepJudge.JudgeShare();
        verdict.Callbacks = evidence.Ledger.Count;
        verdict.Lookups = evidence.Lookups.LongCount(lookup => lookup.IsLookup);
        verdict.Changes = evidence.Changes?.Length ?? 0;
        verdict.Lateness.Sort();
        return verdict;
    }

    static void JudgeAcknowledgements(Ledger ledger, Rules rules, Verdict verdict)
    {
        var ids = new HashSet<string>(StringComparer.Ordinal);
        for (int index = 0; index < ledger.Count; index++)
        {
            int callback = index;
            if (ledger.StandingOf(callback) != Ledger.Standing.Acknowledged)
                continue;

            string callbackId = ledger.CallbackId(callback);
            long received = ledger.ReceivedAt(callback);
            if (!ledger.MayHaveReceived(callback, received, rules.ReceiveSlack))
            {
                verdict.Add(Wrong.BadAcknowledgement, () =>
                    $"callback {ledger.Name(callback)}, sent {Moment.Text(ledger.SendStart(callback))}: received_at {Moment.Text(received)}");
            }
            else if (callbackId.Length > 0 && !ids.Add(callbackId))
                verdict.Add(Wrong.BadAcknowledgement, () => $"callback {callbackId}: the id was used before");
        }
    }

    static Grouped<int> Callbacks(Ledger ledger, Objects objects, Ledger.Standing standing)
    {
        int[] order = [.. Enumerable.Range(0, ledger.Count).Where(callback => ledger.StandingOf(callback) == standing)];
        Array.Sort(order, (left, right) => ledger.ReceivedAt(left).CompareTo(ledger.ReceivedAt(right)) is var apart and not 0 ? apart : left.CompareTo(right));
        return new Grouped<int>(objects.Count, add =>
        {
            foreach (int callback in order)
            {
                foreach (long id in ledger.Ids(callback))
                    add(objects.NumberOf(id), callback);
            }
        });
    }

    static Grouped<LookupRecord> Lookups(Evidence evidence, Objects objects) => new Grouped<LookupRecord>(objects.Count, add =>
    {
        foreach (LookupRecord lookup in evidence.Lookups)
        {
            if (lookup.IsLookup)
                add(objects.NumberOf(lookup.Id), lookup);
        }
    }).Sorted((left, right) => left.Start.CompareTo(right.Start));

    static Grouped<Change> Changes(Evidence evidence, Objects objects) => new Grouped<Change>(objects.Count, add =>
    {
        foreach (Change change in evidence.Changes ?? [])
            add(objects.NumberOf(change.Id), change);
    }).Sorted((left, right) => left.Sequence.CompareTo(right.Sequence));

    /// <summary>An id that one callback names twice is one sighting; the two lie side by side.</summary>
    static ReadOnlySpan<int> Distinct(Span<int> callbacks)
    {
        int kept = 0;
        for (int index = 0; index < callbacks.Length; index++)
        {
            if (kept == 0 || callbacks[kept - 1] != callbacks[index])
                callbacks[kept++] = callbacks[index];
        }

        return callbacks[..kept];
    }

    static int Overlapping(ReadOnlySpan<LookupRecord> lookups, long slack)
    {
        int overlapping = 0;
        for (int index = 1; index < lookups.Length; index++)
            overlapping += lookups[index].Start < lookups[index - 1].End - slack ? 1 : 0;
        return overlapping;
    }
}

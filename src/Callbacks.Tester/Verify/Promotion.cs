namespace Callbacks.Tester.Verify;

/// <summary>
/// A callback without an answer counts whole or not at all. Where a <c>last_seen</c> can only come from one such callback, that one
/// counted, and from then on all its sightings are owed.
/// </summary>
static class Promotion
{
    public static void Promote(Evidence evidence, Rules rules, Objects objects, Grouped<int> mayCount, Verdict verdict)
    {
        Ledger ledger = evidence.Ledger;
        var known = new HashSet<long>();
        for (int callback = 0; callback < ledger.Count; callback++)
        {
            if (ledger.StandingOf(callback) == Ledger.Standing.Acknowledged)
                known.Add(ledger.ReceivedAt(callback));
        }

        IEnumerable<(long Id, long LastSeen)> written =
        [
            .. (evidence.Changes ?? []).Where(change => change.Kind != ChangeKind.Delete).Select(change => (change.Id, change.LastSeen)),
            .. evidence.Table.Select(row => (row.Id, row.LastSeen)),
        ];
        foreach ((long id, long lastSeen) in written)
        {
            if (known.Contains(lastSeen))
                continue;

            int candidates = 0, only = -1;
            foreach (int callback in mayCount[objects.NumberOf(id)])
            {
                if (callback != only && ledger.MayHaveReceived(callback, lastSeen, rules.ReceiveSlack))
                    (candidates, only) = (candidates + 1, callback);
            }

            // One that counted already has its receive time: another time isn't its own.
            if (candidates == 1 && ledger.StandingOf(only) == Ledger.Standing.MayCount)
            {
                ledger.Promote(only, lastSeen);
                known.Add(lastSeen);
                verdict.Promoted++;
            }
        }
    }
}

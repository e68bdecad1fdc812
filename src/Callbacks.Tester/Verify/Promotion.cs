namespace Callbacks.Tester.Verify;

/// <summary>
/// A callback without an answer counts whole or not at all. Where a <c>last_seen</c> can only come from one such callback, that one
/// counted, and from then on all its sightings are owed. It can only come from one that names every id that was stored with it.
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

        IEnumerable<(long LastSeen, long Id)> written =
        [
            .. (evidence.Changes ?? []).Where(change => change.Kind != ChangeKind.Delete).Select(change => (change.LastSeen, change.Id)),
            .. evidence.Table.Select(row => (row.LastSeen, row.Id)),
        ];
        foreach (IGrouping<long, long> together in written.Where(one => !known.Contains(one.LastSeen)).Distinct().GroupBy(one => one.LastSeen, one => one.Id))
        {
            int[] candidates = [.. Candidates(together)];
            if (candidates is [int only])
            {
                ledger.Promote(only, together.Key);
                verdict.Promoted++;
            }
        }

        // One that counted already has its receive time: another time isn't its own.
        IEnumerable<int> Candidates(IGrouping<long, long> together)
        {
            HashSet<int>? all = null;
            foreach (long id in together)
            {
                var named = new HashSet<int>();
                foreach (int callback in mayCount[objects.NumberOf(id)])
                {
                    if (ledger.StandingOf(callback) == Ledger.Standing.MayCount && ledger.MayHaveReceived(callback, together.Key, rules.ReceiveSlack))
                        named.Add(callback);
                }

                if (all is null)
                    all = named;
                else
                    all.IntersectWith(named);
            }

            return all ?? [];
        }
    }
}

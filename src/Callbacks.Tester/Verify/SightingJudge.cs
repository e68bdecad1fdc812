using Callbacks.Tester.Records;

namespace Callbacks.Tester.Verify;

/// <summary>
/// Says of each sighting what became of it. It took effect when a row with its receive time or a later one was written within its life:
/// waiting sightings share a lookup, and of those only the newest leaves a mark. It had the right not to when an answer that says so, or
/// a reason that the records prove, is there. Anything else is missed.
/// </summary>
sealed class SightingJudge(Evidence evidence, Rules rules, Disturbances disturbances, Verdict verdict)
{
    public void Judge(History history)
    {
        int nextChange = 0;
        for (int index = 0; index < history.Sightings.Length; index++)
        {
            long received = history.ReceivedAt(index);
            while (nextChange < history.Changes.Length && history.Changes[nextChange].At < received - rules.ClockSlack)
                nextChange++;
            if (IsStored(history, received, nextChange, received + rules.Retention + rules.StoreSlack))
                verdict.Add(SightingOutcome.Stored);
            else
                JudgeUnstored(history, index, received);
            if (evidence.Changes is not null && received >= evidence.AuditFrom)
                LookForPassedOver(history, history.Sightings[index], received, nextChange);
        }
    }

    bool IsStored(History history, long received, int nextChange, long last)
    {
        for (int index = nextChange; index < history.Changes.Length && history.Changes[index].At <= last; index++)
        {
            if (history.Changes[index].Kind != ChangeKind.Delete && history.Changes[index].LastSeen >= received)
                return true;
        }

        // Without recorded changes the row that is still there must do.
        return (evidence.Changes is null || received < evidence.AuditFrom) && history.Row?.LastSeen >= received;
    }

    void JudgeUnstored(History history, int sighting, long received)
    {
        int callback = history.Sightings[sighting];
        long end = received + rules.Retention;
        int first = history.FirstLookup(received);
        LookupRecord? answered = null;
        LookupRecord? answeredMuchLater = null;
        LookupRecord? unanswered = null;
        // Without anybody who named the id before, the first lookup is this one's already, and after an answer the next one is.
        bool isOwn = !WasNamedBefore(history, sighting);
        var asking = new List<(long Start, long End)>();
        bool offline = false, unknown = false, failed = FailedUnderWay(history.Lookups[..first], received, asking);
        for (int index = first; index < history.Lookups.Length; index++)
        {
            LookupRecord lookup = history.Lookups[index];
            if (lookup.Start > end)
                break;

            // No row is owed either way: one that came late, as lookups do on a machine that stands still, harms nobody.
            bool inTime = lookup.End <= end + rules.StoreSlack;
            unknown |= inTime && lookup.Outcome == LookupOutcome.Unknown;
            offline |= inTime && lookup.Outcome == LookupOutcome.Offline && !rules.KeepAll;
            bool hasFailed = HasFailed(lookup);
            failed |= hasFailed;
            asking.Add((lookup.Start, lookup.End + (hasFailed ? rules.PauseMax : 0)));
            bool muchLater = history.BegunAtEarliest(index) >= received + rules.TransitMax;
            if (lookup.IsGood && !hasFailed && (muchLater || isOwn) && lookup.Outcome != LookupOutcome.Unknown && lookup.End <= end - rules.AnswerMarginMax)
            {
                answered = lookup;
                if (muchLater)
                    answeredMuchLater = lookup;
            }
            else
                unanswered = lookup;
            isOwn |= lookup.IsGood && !hasFailed;
        }

        // A service that could have asked again for long enough, and did not, has no right to what an earlier failure excuses.
        bool wasBusy = failed && disturbances.Excuse(received, end, rules.Able, asking);

        if (offline)
            verdict.Add(SightingOutcome.Offline);
        else if (unknown)
            verdict.Add(SightingOutcome.Unknown);
        else if (end + rules.StoreSlack > evidence.ReadAt)
            verdict.Add(SightingOutcome.TooYoung);
        else if (evidence.Changes is null || received < evidence.AuditFrom)
            verdict.Add(SightingOutcome.NotAudited);
        else if (answered is null && wasBusy)
            verdict.Add(SightingOutcome.LookupsFailed);
        else if (MayLose(answered, end) && (wasBusy || disturbances.Excuse(received, end, rules.Able)))
            verdict.Add(SightingOutcome.ExpiredInOutage);
        else if (answeredMuchLater is null && disturbances.Overload(received, end))
            verdict.Add(SightingOutcome.ExpiredUnderOverload);
        else
        {
            long id = history.Id;
            string seen = answered is { } good
                ? $"a lookup from {Moment.Text(good.Start)} to {Moment.Text(good.End)} was answered {good.Outcome}, and no row came of it"
                : unanswered is { } bad
                    ? $"the last lookup of its life, from {Moment.Text(bad.Start)} to {Moment.Text(bad.End)}, ended as {bad.Outcome}"
                    : "it was never looked up in its life, though the upstream answered";
            verdict.AddMissed(() => $"callback {evidence.Ledger.Name(callback)}, object {id}, received {Moment.Text(received)}: {seen}");
        }
    }

    /// <summary>By the upstream's doing, or may have.</summary>
    bool HasFailed(LookupRecord lookup) => lookup.IsUpstreamsFault || (lookup.IsGood && disturbances.MayBeCutOff(lookup))
        || (lookup.Outcome == LookupOutcome.NotAnswered && lookup.End - lookup.Start >= rules.Patience);

    /// <summary>A lookup under way at the receipt can't settle it, but keeps the next one from starting until it has ended: its failure takes its part of the life.</summary>
    bool FailedUnderWay(ReadOnlySpan<LookupRecord> before, long received, List<(long Start, long End)> asking)
    {
        bool failed = false;
        foreach (LookupRecord lookup in before)
        {
            if (lookup.End <= received || !HasFailed(lookup))
                continue;
            failed = true;
            asking.Add((lookup.Start, lookup.End + rules.PauseMax));
        }

        return failed;
    }

    /// <summary>Somebody did, or may have done so, within a life: a lookup that reached the upstream after the receipt may have begun before it.</summary>
    bool WasNamedBefore(History history, int sighting)
    {
        long received = history.ReceivedAt(sighting), since = received - rules.Retention - rules.ClockSlack;
        if (sighting > 0 && history.ReceivedAt(sighting - 1) >= since)
            return true;
        foreach (int callback in history.MayCount)
        {
            if (history.Ledger.SendStart(callback) <= received && history.Ledger.LatestReceipt(callback) + rules.ReceiveSlack >= since)
                return true;
        }

        return false;
    }

    /// <summary>An answer that had come is lost only with the service, or where PostgreSQL wasn't there to take it.</summary>
    bool MayLose(LookupRecord? answered, long end) => answered is not { } lookup || disturbances.Recovering(lookup.End, end);

    /// <summary>
    /// Was there an answer that it surely was waiting for, was that one, with all before it, to be stored, and was nothing stored soon
    /// after? What a later sighting covers up for, or a later answer excuses, comes to light here.
    /// </summary>
    void LookForPassedOver(History history, int callback, long received, int nextChange)
    {
        long end = received + rules.Retention;
        long sure = history.Ledger.LatestReceipt(callback) + rules.SureLead;
        for (int index = history.FirstLookup(received); index < history.Lookups.Length; index++)
        {
            LookupRecord lookup = history.Lookups[index];
            if (lookup.IsGood && lookup.Outcome != LookupOutcome.Online)
                return;
            if (!lookup.IsGood || history.BegunAtEarliest(index) < sure)
                continue;
            long soon = lookup.End + rules.AnswerMargin;
            if (soon > end || soon > evidence.ReadAt || disturbances.Recovering(received, soon) || IsStored(history, received, nextChange, soon))
                return;

            verdict.PassedOver++;
            if (rules.Strict)
            {
                long id = history.Id;
                verdict.Add(Wrong.PassedOver, () =>
                    $"callback {evidence.Ledger.Name(callback)}, object {id}, received {Moment.Text(received)}: "
                    + $"answered Online from {Moment.Text(lookup.Start)} to {Moment.Text(lookup.End)}, and no row came of it within a second");
            }

            return;
        }
    }
}

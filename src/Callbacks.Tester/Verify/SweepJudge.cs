using Callbacks.Tester.Records;

namespace Callbacks.Tester.Verify;

/// <summary>
/// Holds each row's end against its cover: <c>last_seen</c> + retention, or a pending callback that names the id. When a callback was
/// settled can only be bracketed, so early means earlier than any reading of the records allows, and late means later than any.
/// </summary>
sealed class SweepJudge(Rules rules, Disturbances disturbances, Verdict verdict)
{
    long _judged;
    long _late;
    readonly List<Func<string>> _lateExamples = [];

    public void JudgeSweep(History history, Change change)
    {
        verdict.Sweeps++;
        (long id, long lastSeen, long at) = (history.Id, change.OldLastSeen, change.At);
        long due = lastSeen + rules.Retention;
        if (at < due - rules.ClockSlack)
        {
            verdict.Add(Wrong.SweptEarly, () =>
                $"object {id}: last_seen {Moment.Text(lastSeen)}, swept at {Moment.Text(at)}, {(due - at) / Moment.PerMillisecond} ms early");
            return;
        }

        if (PendingAt(history, lastSeen, due, at) is { } pending)
        {
            Ledger ledger = history.Ledger;
            verdict.Add(Wrong.SweptWhilePending, () =>
                $"object {id}: last_seen {Moment.Text(lastSeen)}, swept at {Moment.Text(at)}, when callback {ledger.Name(pending)} "
                + $"received {Moment.Text(ledger.ReceivedAt(pending))} named it and no answer had come yet");
        }

        JudgeStay(history, lastSeen, at, wasSwept: true);
    }

    /// <summary>The row had this <c>last_seen</c> until that moment: should it have been gone before?</summary>
    public void JudgeStay(History history, long lastSeen, long until, bool wasSwept = false)
    {
        long due = lastSeen + rules.Retention;
        if (until <= due)
            return;

        long id = history.Id;
        if (disturbances.Recovering(due, until) || disturbances.StoodStill(due, until))
        {
            // Of no use for a percentile; but what was there for so long while nothing was the matter is late.
            long surely = CoverEnd(history, lastSeen, due, until, isPatient: true);
            if (surely < until && disturbances.LongestAble(surely, until) is var able && able > rules.LateMax)
            {
                verdict.Add(Wrong.SweptLate, () =>
                    $"object {id}: last_seen {Moment.Text(lastSeen)}, there until {Moment.Text(until)}, of which {able / Moment.PerMillisecond} ms in a row without cover or outage");
            }

            return;
        }

        long covered = CoverEnd(history, lastSeen, due, until);
        long beyond = until - covered;
        _judged++;
        if (wasSwept && covered == due)
            verdict.Lateness.Add(beyond);

        if (beyond <= rules.Late)
            return;

        Func<string> example = () =>
            $"object {id}: last_seen {Moment.Text(lastSeen)}, there until {Moment.Text(until)}, "
            + $"{beyond / Moment.PerMillisecond} ms after the last moment that anything covered it";
        if (beyond > rules.LateMax && until - CoverEnd(history, lastSeen, due, until, isPatient: true) > rules.LateMax)
            verdict.Add(Wrong.SweptLate, example);
        else if (++_late <= rules.ExamplesMax)
            _lateExamples.Add(example);
    }

    /// <summary>A promise about 99 in a hundred is broken by the hundredth only if it isn't alone.</summary>
    public void JudgeShare()
    {
        if (_late * 100 <= _judged)
            return;
        for (int index = 0; index < _late; index++)
            verdict.Add(Wrong.SweptLate, _lateExamples[Math.Min(index, _lateExamples.Count - 1)]);
    }

    /// <summary>An acknowledged sighting of before the row was due that nothing can have settled by then.</summary>
    int? PendingAt(History history, long lastSeen, long due, long at)
    {
        for (int index = history.FirstSighting(lastSeen + 1); index < history.Sightings.Length; index++)
        {
            int callback = history.Sightings[index];
            long received = history.ReceivedAt(index);
            if (received > due)
                return null;
            if (history.Ledger.LatestReceipt(callback) > due || received + rules.Retention <= at + rules.ClockSlack)
                continue;
            if (!SettledBetween(history, received - rules.ClockSlack, at + rules.ClockSlack))
                return callback;
        }

        return null;
    }

    /// <summary>By an answer of which no row has to come: the row would tell of the other kind.</summary>
    bool SettledBetween(History history, long from, long to)
    {
        for (int index = history.FirstLookup(from); index < history.Lookups.Length && history.Lookups[index].Start <= to; index++)
        {
            LookupRecord lookup = history.Lookups[index];
            if (lookup.End <= to && (lookup.Outcome == LookupOutcome.Unknown || (lookup.Outcome == LookupOutcome.Offline && !rules.KeepAll)))
                return true;
        }

        return false;
    }

    /// <summary>The last moment at which something may still have covered the row.</summary>
    /// <param name="isPatient">
    /// Whether every single row has to be right, and not 99 in a hundred: also a lookup that took seconds to the upstream, and a sighting that a
    /// service asked for anew after an outage, since others of its callback were pending still.
    /// </param>
    long CoverEnd(History history, long lastSeen, long due, long until, bool isPatient = false)
    {
        long covered = due;
        while (true)
        {
            long before = covered;
            for (int index = history.FirstSighting(lastSeen + 1); index < history.Sightings.Length; index++)
            {
                if (history.ReceivedAt(index) > covered + rules.ClockSlack || covered >= until)
                    break;
                covered = Math.Max(covered, SettledAtLatest(history, history.ReceivedAt(index), history.Ledger.LatestReceipt(history.Sightings[index]), isPatient));
            }

            foreach (int callback in history.MayCount)
            {
                long received = history.Ledger.LatestReceipt(callback) + rules.ReceiveSlack;
                if (history.Ledger.SendStart(callback) <= covered + rules.ReceiveSlack && received > lastSeen)
                    covered = Math.Max(covered, SettledAtLatest(history, received, received, isPatient));
            }

            if (covered == before || covered >= until)
                return covered;
        }
    }

    /// <summary>A sighting that left the row as it was is settled once its first sure answer says so, and when its life is over.</summary>
    long SettledAtLatest(History history, long received, long latestReceipt, bool isPatient)
    {
        long sure = latestReceipt + (isPatient ? rules.TransitMax : rules.SureLead);
        long end = received + rules.Retention;
        for (int index = history.FirstLookup(received); index < history.Lookups.Length; index++)
        {
            LookupRecord lookup = history.Lookups[index];
            if (!lookup.IsGood || disturbances.MayBeCutOff(lookup))
                continue;
            // One that should have been stored may have been waiting for the database all the while.
            if (lookup.Outcome == LookupOutcome.Online)
                return end;
            if (history.BegunAtEarliest(index) < sure)
                continue;

            long settled = lookup.End + Moment.PerSecond;
            // With more ids than a service can remember it may have forgotten the answer, and waits for another one until the sighting expires.
            bool mayBeForgotten = disturbances.Recovering(received, isPatient ? end : settled) || disturbances.Overload(received, end);
            return mayBeForgotten ? end : Math.Min(end, settled);
        }

        return end;
    }
}

using Callbacks.Tester.Records;

namespace Callbacks.Tester.Verify;

/// <summary>When which part was not able, as far as the records prove it.</summary>
sealed class Disturbances
{
    const long SilenceMin = 2 * Moment.PerSecond;
    const double FullShare = 0.95;
    const double OverloadShare = 0.9;

    /// <summary>
    /// An answer is logged when it begins to be sent; what had not left when the upstream closed its connections never did. It closes them after its
    /// mark, and thousands of them take a while.
    /// </summary>
    const long SendMax = Moment.PerSecond;

    readonly Rules _rules;
    readonly Intervals _any;
    readonly Intervals _closing;
    readonly Intervals _serviceOrPostgres;
    readonly Intervals _machine;
    readonly Intervals? _anyOrFull;

    public Disturbances(Evidence evidence, Rules rules)
    {
        _rules = rules;
        (long Start, long End)[] away = [.. Away(evidence)];
        IEnumerable<(long, long)> upstream = [.. away, .. Silences(evidence.Lookups, rules.PauseMax)];
        _closing = new Intervals(away.Select(closed => (closed.Start - SendMax, closed.End)));
        _any = new Intervals([.. evidence.Outages.Where(outage => outage.Kind != OutageKind.Machine).Select(outage => (outage.Start, outage.End)), .. upstream]);
        _serviceOrPostgres = new Intervals(evidence.Outages
            .Where(outage => outage.Kind is OutageKind.Service or OutageKind.Postgres)
            .Select(outage => (outage.Start, outage.End + rules.Recovery)));
        _machine = new Intervals(evidence.Outages
            .Where(outage => outage.Kind == OutageKind.Machine)
            .Select(outage => (outage.Start, outage.End + rules.Late)));
        _anyOrFull = rules.InFlightMax == 0
            ? null
            : new Intervals([.. _any.All, .. Full(evidence.Lookups, (int)Math.Ceiling(rules.InFlightMax * FullShare))]);
    }

    /// <summary>No stretch of this life was long enough for a service to do its work; one that nothing touched always was.</summary>
    public bool Excuse(long from, long to, long able) => Excuse(_any, from, to, able);

    /// <summary>The same, with what the service did about the id, and the times in which its lookups were at their limit.</summary>
    public bool Excuse(long from, long to, long able, IEnumerable<(long Start, long End)> busy) =>
        Excuse(new Intervals([.. busy, .. (_anyOrFull ?? _any).Between(from, to)]), from, to, able);

    static bool Excuse(Intervals disturbed, long from, long to, long able) => disturbed.LongestFree(from, to) < Math.Min(able, to - from);

    /// <summary>The longest time in a row in which service and PostgreSQL were there, and had been for a while.</summary>
    public long LongestAble(long from, long to) => _serviceOrPostgres.LongestFree(from, to);

    /// <summary>For nine tenths of this life the service's lookups were at their limit, or something was away.</summary>
    public bool Overload(long from, long to) => _anyOrFull is not null && _anyOrFull.Covered(from, to) >= (to - from) * OverloadShare;

    /// <summary>
    /// An answer may not have arrived: the upstream closed its connections at that moment, or it took so long (in dribs, on a crowded machine) that
    /// the service had given it up before its end.
    /// </summary>
    public bool MayBeCutOff(LookupRecord answer) => answer.End - answer.Start >= _rules.Patience || _closing.Touches(answer.End, answer.End);

    /// <summary>Service or PostgreSQL was away then, or had only just come back.</summary>
    public bool Recovering(long from, long to) => _serviceOrPostgres.Touches(from, to);

    /// <summary>Nobody on this machine was on time then, or could have made up for it yet: what took long then says nothing about a service.</summary>
    public bool StoodStill(long from, long to) => _machine.Touches(from, to);

    /// <summary>The upstream's own marks. Where it was killed it could leave none, and was gone from its last record on.</summary>
    static IEnumerable<(long Start, long End)> Away(Evidence evidence)
    {
        long gone = long.MinValue / 2;
        bool listening = false;
        long last = gone;
        foreach (LookupRecord record in evidence.Lookups)
        {
            if (record.Outcome == LookupOutcome.Listening)
            {
                yield return (listening ? last : gone, record.Start);
                listening = true;
            }
            else if (record.Outcome == LookupOutcome.Away)
            {
                gone = record.Start;
                listening = false;
            }

            last = Math.Max(last, record.End);
        }

        // A log without any mark is one of lookups only: then nothing is known of being away.
        if (!listening && gone > long.MinValue / 2)
            yield return (gone, long.MaxValue / 2);
    }

    /// <summary>
    /// No good answer for anybody, for 2 s or more, although somebody asked: as long as lookups failed by the upstream's doing, one after another
    /// with no more than a pause between. That nobody asked is no excuse.
    /// </summary>
    static IEnumerable<(long Start, long End)> Silences(LookupRecord[] lookups, long pause)
    {
        LookupRecord[] byEnd = [.. lookups.Where(lookup => lookup.IsLookup)];
        Array.Sort(byEnd, (left, right) => left.End.CompareTo(right.End));
        long from = byEnd.Length > 0 ? byEnd[0].Start : 0;
        var failed = new List<(long Start, long End)>();
        foreach (LookupRecord lookup in byEnd)
        {
            if (lookup.IsUpstreamsFault)
                failed.Add((lookup.Start, lookup.End + pause));
            if (!lookup.IsGood)
                continue;
            foreach ((long, long) silence in Silent(from, lookup.End))
                yield return silence;
            from = lookup.End;
            failed.Clear();
        }

        if (byEnd.Length > 0)
        {
            foreach ((long, long) silence in Silent(from, byEnd[^1].End))
                yield return silence;
        }

        IEnumerable<(long, long)> Silent(long since, long until) =>
            failed.Count == 0 || until - since < SilenceMin ? [] : new Intervals(failed).Between(since, until);
    }

    static IEnumerable<(long Start, long End)> Full(LookupRecord[] lookups, int enough)
    {
        long[] starts = [.. lookups.Where(lookup => lookup.IsLookup).Select(lookup => lookup.Start)];
        long[] ends = [.. lookups.Where(lookup => lookup.IsLookup).Select(lookup => lookup.End)];
        Array.Sort(starts);
        Array.Sort(ends);
        long since = 0;
        for (int started = 0, ended = 0; ended < ends.Length;)
        {
            int before = started - ended;
            long now;
            if (started < starts.Length && starts[started] <= ends[ended])
                now = starts[started++];
            else
                now = ends[ended++];
            int after = started - ended;
            if (before < enough && after >= enough)
                since = now;
            else if (before >= enough && after < enough)
                yield return (since, now);
        }
    }
}

using Callbacks.Tester.Records;

namespace Callbacks.Tester.Verify;

/// <summary>What became of a sighting.</summary>
enum SightingOutcome
{
    /// <summary>A row with its receive time, or a later one, was written within its life.</summary>
    Stored,

    /// <summary>An answer to a lookup begun after it was offline, and that isn't kept.</summary>
    Offline,

    /// <summary>An answer to a lookup begun after it was 404 or 410.</summary>
    Unknown,

    /// <summary>The lookups begun after it all failed by the upstream's doing.</summary>
    LookupsFailed,

    /// <summary>Its life had no stretch long enough without an outage.</summary>
    ExpiredInOutage,

    /// <summary>Lookups were at the service's limit for all of its life.</summary>
    ExpiredUnderOverload,
    Missed,

    /// <summary>Its life wasn't over when the records ended.</summary>
    TooYoung,

    /// <summary>Changes to the table weren't recorded then.</summary>
    NotAudited,
}

/// <summary>What must never be.</summary>
enum Wrong
{
    /// <summary><c>last_seen</c> is no receive time of a callback that names the id.</summary>
    LastSeenIsNoReceiveTime,

    /// <summary><c>online</c> is no answer to a lookup that had begun after <c>last_seen</c>.</summary>
    OnlineIsNotTheAnswer,

    /// <summary>The only lookups with this answer had begun before the receipt.</summary>
    LookupBeforeReceipt,
    OlderOverNewer,
    StoredAfterItsLife,
    SweptEarly,
    SweptWhilePending,
    SweptLate,

    /// <summary>A row or lookup of an id that no callback had named.</summary>
    NeverSent,

    /// <summary>A 2xx without an id of its own, or a receive time outside of the POST.</summary>
    BadAcknowledgement,

    /// <summary>The recorded changes don't lead to the table as it is.</summary>
    TableAndAuditDisagree,

    /// <summary>With --strict: sightings passed over.</summary>
    PassedOver,
}

/// <summary>The result: counts, and the first examples of each kind.</summary>
sealed class Verdict(Rules rules)
{
    readonly long[] _outcomes = new long[Enum.GetValues<SightingOutcome>().Length];
    readonly long[] _wrongs = new long[Enum.GetValues<Wrong>().Length];
    readonly List<string>[] _examples = [.. Enum.GetValues<Wrong>().Select(_ => new List<string>())];

    public Rules Rules => rules;

    public List<string> MissedExamples { get; } = [];

    /// <summary>
    /// How long rows stayed beyond their <c>last_seen</c> + retention where nothing else covered them; sorted by the judge.
    /// </summary>
    public List<long> Lateness { get; } = [];

    public long Callbacks { get; set; }

    /// <summary>Unanswered ones of which the table shows that they counted.</summary>
    public long Promoted { get; set; }

    public long Lookups { get; set; }

    public long Changes { get; set; }

    public long Sweeps { get; set; }

    /// <summary>Two lookups of one id at a time: allowed between instances and across a crash, so it is only counted.</summary>
    public long OverlappingLookups { get; set; }

    /// <summary>
    /// Sightings of which nothing was stored within a second of the online answer that they surely were waiting for. A later sighting or a
    /// later answer may have made it good, and a busy service may take its time, so only a strict verdict minds.
    /// </summary>
    public long PassedOver { get; set; }

    public long Sightings => _outcomes.Sum();

    public long Judged => Sightings - this[SightingOutcome.TooYoung] - this[SightingOutcome.NotAudited];

    public long Missed => this[SightingOutcome.Missed];

    public long WrongTotal => _wrongs.Sum();

    public double JudgedShare => Sightings == 0 ? 0 : (double)Judged / Sightings;

    public bool IsGood => Missed == 0 && WrongTotal == 0 && JudgedShare >= rules.JudgedMin;

    public long this[SightingOutcome outcome] => _outcomes[(int)outcome];

    public long this[Wrong wrong] => _wrongs[(int)wrong];

    public IReadOnlyList<string> Examples(Wrong wrong) => _examples[(int)wrong];

    /// <summary>What this share of <see cref="Lateness"/> does not exceed, in milliseconds; 0 when there is nothing to tell.</summary>
    public double LateMs(double share) =>
        Lateness.Count == 0 ? 0 : Lateness[Math.Max(0, (int)Math.Ceiling(Lateness.Count * share) - 1)] / (double)Moment.PerMillisecond;

    public void Add(SightingOutcome outcome) => _outcomes[(int)outcome]++;

    /// <param name="wrong">The kind.</param>
    /// <param name="example">Built only while there is room for it.</param>
    public void Add(Wrong wrong, Func<string> example)
    {
        _wrongs[(int)wrong]++;
        if (_examples[(int)wrong].Count < rules.ExamplesMax)
            _examples[(int)wrong].Add(example());
    }

    public void AddMissed(Func<string> example)
    {
        Add(SightingOutcome.Missed);
        if (MissedExamples.Count < rules.ExamplesMax)
            MissedExamples.Add(example());
    }
}

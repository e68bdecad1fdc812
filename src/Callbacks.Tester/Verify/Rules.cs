using Callbacks.Tester.Records;

namespace Callbacks.Tester.Verify;

/// <summary>What is promised, and how much of what the records say is doubtful. Lengths in microseconds.</summary>
sealed record Rules
{
    /// <summary>How long a sighting, and a row, lives.</summary>
    public long Retention { get; init; } = 30 * Moment.PerSecond;

    /// <summary>True: sightings answered offline are stored as well.</summary>
    public bool KeepAll { get; init; }

    /// <summary>The service's limit of lookups at a time; 0: overload excuses nothing.</summary>
    public int InFlightMax { get; init; }

    /// <summary>
    /// A sighting may expire for an outage only if its life had no stretch as long as this without one: time enough to come back to full
    /// rate (5 s) and for a lookup (4.3 s).
    /// </summary>
    public long Able { get; init; } = 10 * Moment.PerSecond;

    /// <summary>After a service or PostgreSQL came back, how long a row may stay beyond its time: the journal is read first.</summary>
    public long Recovery { get; init; } = 5 * Moment.PerSecond;

    /// <summary>
    /// How long after its last cover a row may stay. One row in a hundred may stay longer (the promise is a p99), up to <see
    /// cref="LateMax"/>.
    /// </summary>
    public long Late { get; init; } = 250 * Moment.PerMillisecond;

    /// <summary>No row may stay longer than this.</summary>
    public long LateMax { get; init; } = 5 * Moment.PerSecond;

    /// <summary>An answer that came so shortly before the end of a sighting's life might not have been stored in time.</summary>
    public long AnswerMargin { get; init; } = Moment.PerSecond;

    /// <summary>
    /// An answer that came so shortly before that end may have waited for a statement that a standstill of the disk kept: where something
    /// else excuses, it obliges nobody.
    /// </summary>
    public long AnswerMarginMax { get; init; } = 3 * Moment.PerSecond;

    /// <summary>A write may come so long after the end of a life: its statement was sent before, and waited.</summary>
    public long StoreSlack { get; init; } = 2 * Moment.PerSecond;

    /// <summary>How far apart one machine's processes may read one wall clock.</summary>
    public long ClockSlack { get; init; } = 5 * Moment.PerMillisecond;

    /// <summary>A receive time lies between send and answer; service time may be this far from the wall clock.</summary>
    public long ReceiveSlack { get; init; } = Moment.PerSecond;

    /// <summary>So long after its sender gave up may a POST still be read, when a crowded machine leaves the service no time.</summary>
    public long UnreadMax { get; init; } = 3 * Moment.PerSecond;

    /// <summary>A lookup that the service gave up earlier than this is no failure of the upstream's.</summary>
    public long Patience { get; init; } = 9 * Moment.PerSecond;

    /// <summary>A sighting received (or acknowledged) so long before the upstream saw a lookup surely was waiting for it: requests take their time on a crowded machine.</summary>
    public long SureLead { get; init; } = 250 * Moment.PerMillisecond;

    /// <summary>
    /// So long may a request take from the service to the upstream, when thousands of connections are opened at once on a crowded machine. An
    /// answer to one that came sooner after a receipt obliges nobody, where something else excuses.
    /// </summary>
    public long TransitMax { get; init; } = 4 * Moment.PerSecond;

    /// <summary>So long may a service wait, after a lookup that failed, before it asks again: its own backoff, or what the upstream asked for.</summary>
    public long PauseMax { get; init; } = 10 * Moment.PerSecond;

    /// <summary>A GET that a connection broke is sent again by the client itself within this time, or never.</summary>
    public const long ResendWithin = Moment.PerSecond;

    /// <summary>Sightings that were passed over (see <see cref="Verdict.PassedOver"/>) make the verdict bad.</summary>
    public bool Strict { get; init; }

    /// <summary>The share of the sightings that must be judged.</summary>
    public double JudgedMin { get; init; } = 0.99;

    public int ExamplesMax { get; init; } = 20;
}

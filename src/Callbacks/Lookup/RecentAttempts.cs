using Callbacks.Journal.Pending;
using Callbacks.Time;

namespace Callbacks.Lookup;

/// <summary>
/// What the in-flight limit judges an upstream by: the attempts until a quarter of a second after the first failure, or a whole one where they
/// are few, from a quarter of a second before it at most. Not safe for use by several threads.
/// </summary>
sealed class RecentAttempts(TimeSpan attemptTimeout)
{
    const int Enough = 32;
    const int EnoughOfFew = 8;
    const int AnswersExpectedMin = 8;

    /// <summary>Where so many of those have failed that were begun after the first failure, there is nothing to wait for.</summary>
    const double FailuresObvious = 0.8;

    /// <summary>Failures of fewer ids than this are those ids' own trouble.</summary>
    const int FailingIdsMin = 4;

    /// <summary>Those whose time is up, or whose connections were closed together, come all at once, before the others that belong to them.</summary>
    static readonly TimeSpan SpanMin = TimeSpan.FromMilliseconds(250);

    /// <summary>A slow trickle of failures is told from none.</summary>
    static readonly TimeSpan SpanMax = TimeSpan.FromSeconds(1);

    readonly HashSet<long> _failingIds = [];

    // Not only the recent ones: those that were begun with one that has run out of time have been answered long ago.
    readonly SlidingCount _answersLately = new(attemptTimeout);
    readonly SlidingCount _timeoutsLately = new(attemptTimeout);
    Instant _from;
    int _begun;
    int _ended;
    int _failures;
    int _timeouts;
    int _throttled;
    int _failedAtOnce;
    int _begunSinceFailing;
    int _failedSinceFailing;
    int _inFlight;

    /// <summary>At any moment of it.</summary>
    public int MostInFlight { get; private set; }

    public Instant FailingSince { get; private set; }

    /// <summary>The kind of the latest failure.</summary>
    public LookupFailure LastFailure { get; private set; }

    /// <summary>
    /// Of all that have ended. Where they failed at once, of all that have been begun, if these are more: of thousands that are begun together the
    /// first to end are those that fail at once.
    /// </summary>
    public double FailedShare => _failures == 0 ? 0 : (double)_failures / (_failedAtOnce * 2 > _failures ? Math.Max(_begun, _ended) : _ended);

    /// <summary>Most of the failures are of lookups that ran out of time.</summary>
    public bool TimeOut => _timeouts * 2 > _failures;

    /// <summary>Most of the failures were refusals: told so, or not let in.</summary>
    public bool AreRefused => Math.Max(_throttled, _failedAtOnce) * 2 > _failures;

    /// <summary>Not of a few ids only, of which there may be no more than so many at a time.</summary>
    public bool FailForMany(int inFlightMax) => _failingIds.Count >= Math.Min(FailingIdsMin, inFlightMax);

    /// <summary>Of those that were answered or ran out of time within the last time limit.</summary>
    public double TimedOutShareLately(Instant now)
    {
        int timeouts = _timeoutsLately.Sum(now);
        return timeouts == 0 ? 0 : (double)timeouts / (timeouts + _answersLately.Sum(now));
    }

    public bool AreEnough(Instant now) => now - (_failures == 0 ? _from : FailingSince) >= (_failures == 0 || _ended >= Enough ? SpanMin : SpanMax);

    public bool FailObviously =>
        _failedSinceFailing >= Math.Clamp(MostInFlight / 4, EnoughOfFew, Enough) && _failedSinceFailing >= _begunSinceFailing * FailuresObvious;

    /// <summary>So often lately that none within <see cref="FailureFlood.Span"/> would be strange.</summary>
    public bool WereAnswered(Instant now) => _answersLately.Sum(now) * (FailureFlood.Span / attemptTimeout) >= AnswersExpectedMin;

    public void Saw(int inFlight)
    {
        _inFlight = inFlight;
        MostInFlight = Math.Max(MostInFlight, inFlight);
    }

    public void Begun(Instant now)
    {
        Open(now);
        _begun++;
        if (_failures > 0)
            _begunSinceFailing++;
    }

    public void NotBegun() => (_begun, _begunSinceFailing) = (Math.Max(0, _begun - 1), Math.Max(0, _begunSinceFailing - 1));

    /// <summary>Also of one that is too old to be judged by.</summary>
    public void Answered(Instant now) => _answersLately.Add(now);

    public void Succeeded(Instant now)
    {
        Open(now);
        _ended++;
    }

    public void Failed(long id, LookupFailure failure, Instant begun, Instant now)
    {
        Open(now);
        LastFailure = failure;
        _ended++;
        if (_failures++ == 0)
            FailingSince = now;
        if (failure == LookupFailure.Timeout)
        {
            _timeouts++;
            _timeoutsLately.Add(now);
        }

        if (failure == LookupFailure.Throttled)
            _throttled++;
        if (_failingIds.Count < FailingIdsMin)
            _failingIds.Add(id);
        if (now - begun <= SpanMin)
            _failedAtOnce++;
        if (begun >= FailingSince && failure != LookupFailure.Timeout)
            _failedSinceFailing++;
    }

    public void Clear()
    {
        (_begun, _ended, _failures, _timeouts, _throttled, _failedAtOnce, _begunSinceFailing, _failedSinceFailing) = (0, 0, 0, 0, 0, 0, 0, 0);
        MostInFlight = _inFlight;
        _failingIds.Clear();
    }

    void Open(Instant now)
    {
        if (_begun == 0 && _ended == 0)
            _from = now;
    }
}

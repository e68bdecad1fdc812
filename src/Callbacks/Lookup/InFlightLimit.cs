using Callbacks.Journal.Pending;
using Callbacks.Time;

namespace Callbacks.Lookup;

/// <summary>
/// How many lookups may be in flight. When more than a fifth of the attempts say "too much" (429, 503, timeouts, failed connections) it shrinks to
/// what would leave a fifth; when all do, or it is at its floor, the upstream counts as away, and only probes go out, ten a second. This is the
/// circuit breaker.
/// <para>
/// It grows with time, so that a good upstream is used at full rate within 5 s of its return however slowly it answers; but from where it
/// shrank the last time each step has to be earned, by an answer to a lookup that was begun after the step before and took no more than three
/// quarters of the time limit. An upstream that works off one lookup after the other, and is slower for all the more that wait, would
/// otherwise be given too many again and again, let all of them run out of time, and do nearly all of its work in vain.
/// </para>
/// <para>
/// Attempts that were begun before it shrank, or before the upstream was found away or back, say nothing of now: thousands are in flight
/// then. Not safe for use by several threads.
/// </para>
/// </summary>
sealed class InFlightLimit(int max, TimeSpan attemptTimeout)
{
    /// <summary>A larger share of failures shrinks it.</summary>
    const double FailuresMax = 0.2;
    const int JudgedAttempts = 32;

    /// <summary>Failures of fewer ids than this are those ids' own trouble.</summary>
    const int FailingIdsMin = 4;

    /// <summary>Above it no step without an answer since the last one: an upstream may have given a single one.</summary>
    const int UnansweredMax = 2_048;

    const double Growth = 1.35;
    const double EarnedGrowth = 1.25;

    static readonly TimeSpan ProbePeriod = TimeSpan.FromMilliseconds(100);
    static readonly TimeSpan GrowPeriod = TimeSpan.FromMilliseconds(100);

    /// <summary>Attempts are judged when there are enough from so long: those whose time is up, or whose connections were closed together, come all at once.</summary>
    static readonly TimeSpan JudgePeriodMin = TimeSpan.FromMilliseconds(250);

    /// <summary>Or when there are any from this long: a slow trickle of failures is told from none.</summary>
    static readonly TimeSpan JudgePeriodMax = TimeSpan.FromSeconds(1);

    /// <summary>After a step, until all the new places are taken: what is begun from then on meets them.</summary>
    static readonly TimeSpan FillTime = TimeSpan.FromMilliseconds(100);

    readonly TimeSpan _quick = attemptTimeout * 0.75;
    readonly int _floor = Math.Min(8, max);
    readonly HashSet<long> _failingIds = [];
    double _limit = max;
    double _growsFreelyTo = max;
    Instant _lastProbe;
    Instant _lastGrowth;
    Instant _lastSuccess;
    Instant _changedAt;
    Instant _judgedFrom;
    int _attempts;
    int _failures;
    int _timeouts;
    int _freshFailures;
    bool _succeededSinceGrowth;
    bool _isEarned;

    public int Limit => (int)_limit;

    /// <summary>The upstream counts as away.</summary>
    public bool IsProbing { get; private set; }

    public bool IsBelowMax => _limit < max;

    /// <summary>Whether one more may start, with so many in flight.</summary>
    public bool MayStart(int inFlight, Instant now)
    {
        JudgeIfDue(now);
        Grow(now);
        return IsProbing ? inFlight < max && now - _lastProbe >= ProbePeriod : inFlight < Limit;
    }

    public void Started(Instant now) => _lastProbe = now;

    /// <summary>How long until a probe may go out; zero when something else is in the way.</summary>
    public TimeSpan UntilNextProbe(Instant now) => IsProbing ? ProbePeriod - (now - _lastProbe) : TimeSpan.Zero;

    /// <summary>Takes note of an attempt that was begun then and has ended now.</summary>
    public void Record(long id, in LookupResult result, Instant begun, Instant now)
    {
        bool hasFailed = result.Failure is LookupFailure.Connection or LookupFailure.Timeout or LookupFailure.Throttled;
        if (!hasFailed)
            _lastSuccess = now;
        if (begun < _changedAt)
            return;
        if (_attempts == 0)
            _judgedFrom = now;
        _attempts++;
        if (hasFailed)
            Fail(id, result.Failure, begun);
        else
            Succeed(begun, now);
        JudgeIfDue(now);
    }

    void Fail(long id, LookupFailure failure, Instant begun)
    {
        _failures++;
        if (failure == LookupFailure.Timeout)
            _timeouts++;
        if (begun >= _judgedFrom)
            _freshFailures++;
        if (_failingIds.Count < FailingIdsMin)
            _failingIds.Add(id);
    }

    void Succeed(Instant begun, Instant now)
    {
        _succeededSinceGrowth = true;
        _isEarned |= begun >= _lastGrowth + FillTime && now - begun <= _quick;
        if (!IsProbing)
            return;
        // It is back: what failed before says nothing any more.
        IsProbing = false;
        _limit = Math.Min(max, _floor * 2);
        Change(now);
    }

    void JudgeIfDue(Instant now)
    {
        TimeSpan span = now - _judgedFrom;
        bool isDue = _attempts >= JudgedAttempts ? span >= JudgePeriodMin : _attempts > 0 && span >= JudgePeriodMax;
        // Where all fail, also those that have just been begun, there is nothing to wait for.
        if (isDue || (_freshFailures >= JudgedAttempts && _failures == _attempts))
            Judge(now);
    }

    void Judge(Instant now)
    {
        double share = (double)_failures / _attempts;
        if (IsProbing || share <= FailuresMax || _failingIds.Count < Math.Min(FailingIdsMin, max))
        {
            Clear();
            return;
        }

        double shrunk = _limit * (1 - share) / (1 - FailuresMax);
        IsProbing = shrunk <= _floor;
        if (!IsProbing)
            _growsFreelyTo = shrunk;
        // Who refuses says at once how many are too many.
        else if (_timeouts * 2 < _failures)
            _growsFreelyTo = max;
        // Who answered a moment ago, and lets all run out of time now, was given too many: half as many may still be, which shows only after as long again.
        else if (now - _lastSuccess < attemptTimeout / 2)
            _growsFreelyTo = Math.Max(_floor, _limit / 2);
        _limit = Math.Max(_floor, shrunk);
        Change(now);
    }

    void Change(Instant now)
    {
        _changedAt = _lastGrowth = now;
        _succeededSinceGrowth = _isEarned = false;
        Clear();
    }

    void Clear()
    {
        (_attempts, _failures, _timeouts, _freshFailures) = (0, 0, 0, 0);
        _failingIds.Clear();
    }

    /// <summary>A third more every tenth of a second: from the floor to 15,000 in under 3 s. Answers take seconds, so it can't wait for each step's.</summary>
    void Grow(Instant now)
    {
        if (IsProbing || _limit >= max || now - _lastGrowth < GrowPeriod)
            return;
        if (_limit < _growsFreelyTo)
        {
            if (_limit >= UnansweredMax && !_succeededSinceGrowth)
                return;
            _limit = Math.Min(_growsFreelyTo, _limit * Growth + 1);
        }
        else if (_isEarned)
        {
            _growsFreelyTo = _limit = Math.Min(max, _limit * EarnedGrowth + 1);
        }
        else
        {
            return;
        }

        // A long silence isn't made up for in one leap.
        _lastGrowth = now - _lastGrowth > GrowPeriod * 2 ? now : _lastGrowth + GrowPeriod;
        _succeededSinceGrowth = _isEarned = false;
    }
}

using Callbacks.Journal.Pending;
using Callbacks.Time;

namespace Callbacks.Lookup;

/// <summary>
/// How many lookups may be in flight. It shrinks by the share of attempts that say "too much" (429, 503, timeouts, failed
/// connections) when that passes a fifth, down to a floor where only probes go out, ten a second; it grows with time while attempts
/// succeed, so that a good upstream is used at full rate within 5 s of its return however slowly it answers. Whether it is away or back is
/// told by attempts begun since it last seemed to change: of thousands in flight when it goes some still succeed. This is the circuit
/// breaker. Not safe for use by several threads.
/// </summary>
sealed class InFlightLimit(int max)
{
    const double ShrinkAbove = 0.2;
    const int JudgedAttempts = 32;

    /// <summary>Failures of fewer ids than this are those ids' own trouble.</summary>
    const int FailingIdsMin = 4;

    static readonly TimeSpan ProbePeriod = TimeSpan.FromMilliseconds(100);
    static readonly TimeSpan GrowPeriod = TimeSpan.FromMilliseconds(100);

    /// <summary>Attempts are judged when there are enough, or after this long: a slow trickle of failures is told from none.</summary>
    static readonly TimeSpan JudgePeriod = TimeSpan.FromSeconds(1);

    readonly int _floor = Math.Min(8, max);
    readonly HashSet<long> _failingIds = [];
    double _limit = max;
    Instant _lastProbe;
    Instant _lastGrowth;
    Instant _judgedAt;
    Instant _changedAt;
    int _attempts;
    int _failures;
    bool _succeededSinceGrowth;

    public int Limit => (int)_limit;

    /// <summary>At the floor: the upstream counts as away.</summary>
    public bool IsProbing { get; private set; }

    /// <summary>Whether one more may start, with so many in flight.</summary>
    public bool MayStart(int inFlight, Instant now)
    {
        Grow(now);
        return IsProbing ? inFlight < max && now - _lastProbe >= ProbePeriod : inFlight < Limit;
    }

    public void Started(Instant now) => _lastProbe = now;

    /// <summary>How long until a probe may go out; zero when something else is in the way.</summary>
    public TimeSpan UntilNextProbe(Instant now) => IsProbing ? ProbePeriod - (now - _lastProbe) : TimeSpan.Zero;

    public bool IsBelowMax => _limit < max;

    /// <summary>Takes note of an attempt that was begun then and has ended now.</summary>
    public void Record(long id, in LookupResult result, Instant begun, Instant now)
    {
        if (begun < _changedAt)
            return;
        bool failed = result.Failure is LookupFailure.Connection or LookupFailure.Timeout or LookupFailure.Throttled;
        if (!failed)
            Succeed(now);
        _attempts++;
        if (failed)
        {
            _failures++;
            if (_failingIds.Count < FailingIdsMin)
                _failingIds.Add(id);
        }

        if (_attempts >= JudgedAttempts || now - _judgedAt >= JudgePeriod)
            Judge(now);
    }

    void Succeed(Instant now)
    {
        _succeededSinceGrowth = true;
        if (!IsProbing)
            return;
        // It is back: what failed before says nothing any more.
        IsProbing = false;
        _limit = Math.Min(max, _floor * 2);
        _lastGrowth = _changedAt = now;
        Clear(now);
    }

    void Judge(Instant now)
    {
        double share = (double)_failures / _attempts;
        if (share > ShrinkAbove && _failingIds.Count >= Math.Min(FailingIdsMin, max) && !IsProbing)
        {
            _limit = Math.Max(_floor, _limit * (1 - share));
            _succeededSinceGrowth = false;
            _lastGrowth = now;
            if (Limit <= _floor)
                (IsProbing, _changedAt) = (true, now);
        }

        Clear(now);
    }

    void Clear(Instant now)
    {
        (_attempts, _failures, _judgedAt) = (0, 0, now);
        _failingIds.Clear();
    }

    /// <summary>A third more every tenth of a second: from the floor to 15,000 in under 3 s. Answers take seconds, so it can't wait for each step's.</summary>
    void Grow(Instant now)
    {
        if (IsProbing || _limit >= max)
            return;
        if (now - _lastGrowth > GrowPeriod * 2)
            _lastGrowth = now - GrowPeriod;
        if (now - _lastGrowth < GrowPeriod || (!_succeededSinceGrowth && _limit <= _floor))
            return;
        _limit = Math.Min(max, _limit * 1.35 + 1);
        _lastGrowth = now;
    }
}

using Callbacks.Journal.Pending;
using Callbacks.Time;

namespace Callbacks.Lookup;

/// <summary>
/// How many lookups may be in flight. When more than a fifth of the attempts say "too much" (429, 503, timeouts, failed connections) it shrinks;
/// at its floor the upstream counts as away, and only probes go out, at most ten a second. This is the circuit breaker.
/// <para>
/// It grows with time once the upstream answers, so that a good one is used at full rate within 5 s of its first answer however slow the others are;
/// but it remembers two bounds, from which on it goes step by step, when all its places are taken. Where lookups were refused, each step leaves time
/// for others to be refused; twice as many borne, and the bound is forgotten. Where lookups ran out of time, each has to be earned, by an answer to a lookup that was begun
/// after the step before and was not late: an upstream that is slower for all the more that it is asked would otherwise be given too many again
/// and again, let all of them run out of time, and do nearly all of its work in vain.
/// </para>
/// <para>
/// Failures of attempts that were begun before it shrank, or before the upstream was found away or back, say nothing of now: thousands are in
/// flight then. Not safe for use by several threads.
/// </para>
/// </summary>
sealed class InFlightLimit(int max, TimeSpan attemptTimeout)
{
    /// <summary>A larger share of failures shrinks it.</summary>
    const double FailuresMax = 0.2;

    /// <summary>What is left at least, of those in flight, when lookups are refused while others are answered.</summary>
    const double RefusedKept = 0.75;

    /// <summary>Who lets so many run out of time is not asked at all until a probe is answered.</summary>
    const double NearlyAll = 0.9;

    /// <summary>Above it no step for a single answer: an upstream may give no other one.</summary>
    const int UnansweredMax = 2_048;
    const int AnswersMin = 4;

    /// <summary>A third more every tenth of a second: from the floor to 15,000 in under 3 s. Answers take seconds, so it can't wait for each step's.</summary>
    const double Growth = 1.35;
    static readonly TimeSpan GrowPeriod = TimeSpan.FromMilliseconds(100);

    /// <summary>From where lookups were refused: time enough to judge the step before.</summary>
    const double CarefulGrowth = 1.25;
    static readonly TimeSpan CarefulGrowPeriod = TimeSpan.FromMilliseconds(500);

    /// <summary>An earned step goes as far as an upstream that works off one after the other would still be in time, within these bounds.</summary>
    const double EarnedGrowthMin = 1.1;
    const double EarnedGrowthMax = 4;

    /// <summary>Of the limit: with fewer in flight nothing was seen of what the last step did.</summary>
    const double PlacesTakenMin = 0.9;

    static readonly TimeSpan ProbePeriod = TimeSpan.FromMilliseconds(100);

    /// <summary>No judgement sooner after a change: else a part that is refused whatever is asked would shrink it time and again before a step was due.</summary>
    static readonly TimeSpan SinceChangeMin = TimeSpan.FromMilliseconds(600);

    /// <summary>After a step, until all the new places are taken: what is begun from then on meets them.</summary>
    static readonly TimeSpan FillTime = TimeSpan.FromMilliseconds(100);

    /// <summary>Where lookups run out of time: probes are more work for an upstream that is behind with its work, and keep their places for long.</summary>
    readonly TimeSpan _hangProbePeriod = TimeSpan.FromTicks(Math.Max(TimeSpan.TicksPerSecond / 2, attemptTimeout.Ticks / max));

    readonly TimeSpan _aim = attemptTimeout * 0.75;

    /// <summary>An answer that took longer was late: after the least step others would take nine tenths of the time limit.</summary>
    readonly TimeSpan _late = attemptTimeout * 0.82;

    readonly int _floor = Math.Min(8, max);
    readonly RecentAttempts _recent = new(attemptTimeout);
    readonly FailureFlood _flood = new();
    double _limit = max;
    double _refusedAbove = max;
    double _refusedAt = max;
    double _overrunAbove = max;
    double _earned;
    TimeSpan _probePeriod = ProbePeriod;
    TimeSpan _lastTook;
    Instant _firstStart;
    Instant _lastProbe;
    Instant _lastGrowth;
    Instant _lastSuccess;
    Instant _changedAt;
    Instant _stoodStillAt;
    Instant _backAt;
    int _answersSince;
    int _mostSinceGrowth;

    public int Limit => (int)_limit;

    /// <summary>The upstream counts as away.</summary>
    public bool IsProbing { get; private set; }

    public bool IsBelowMax => _limit < max;

    /// <summary>The kind of the latest failure, which is why it is as it is.</summary>
    public LookupFailure LastFailure => _recent.LastFailure;

    /// <summary>Whether one more may start, with so many in flight.</summary>
    public bool MayStart(int inFlight, Instant now)
    {
        JudgeIfDue(now);
        Grow(now);
        bool may = IsProbing ? inFlight < max && now - _lastProbe >= _probePeriod : inFlight < Limit && _flood.MayBegin(inFlight, now);
        int mostNow = may ? inFlight + 1 : inFlight;
        _mostSinceGrowth = Math.Max(_mostSinceGrowth, mostNow);
        _recent.Saw(mostNow);
        return may;
    }

    public void Started(Instant now)
    {
        if (_firstStart == default)
            _firstStart = now;
        _lastProbe = now;
        _recent.Begun(now);
        _flood.Begun(now);
    }

    /// <summary>There was none to start after all.</summary>
    public void NotStarted() => _recent.NotBegun();

    /// <summary>How long until a probe may go out; zero when something else is in the way.</summary>
    public TimeSpan UntilNextProbe(Instant now) => IsProbing ? _probePeriod - (now - _lastProbe) : TimeSpan.Zero;

    /// <summary>Takes note of an attempt that was begun then and has ended now.</summary>
    public void Record(long id, in LookupResult result, Instant begun, Instant now)
    {
        bool hasFailed = result.Failure is LookupFailure.Connection or LookupFailure.Timeout or LookupFailure.Throttled;
        if (!hasFailed)
        {
            (_lastSuccess, _lastTook) = (now, now - begun);
            _answersSince++;
            _recent.Answered(now);
            _flood.Answered(now);
        }
        else if (result.Failure != LookupFailure.Timeout)
        {
            _flood.Failed(now);
        }

        if (begun < _changedAt || (hasFailed && begun < _stoodStillAt))
            return;
        if (hasFailed)
            Fail(id, result.Failure, begun, now);
        else
            Succeed(begun, now);
        JudgeIfDue(now);
    }

    /// <summary>The service itself stood still: that its lookups have failed, and how long they took, says nothing of the upstream. That it answered does.</summary>
    public void StoodStill(Instant now)
    {
        _stoodStillAt = now;
        _recent.Clear();
    }

    void Fail(long id, LookupFailure failure, Instant begun, Instant now)
    {
        _recent.Failed(id, failure, begun, now);
        if (failure == LookupFailure.Timeout)
            _probePeriod = _hangProbePeriod;
    }

    void Succeed(Instant begun, Instant now)
    {
        _recent.Succeeded(now);
        TimeSpan took = now - begun;
        if (begun >= _lastGrowth + FillTime && took <= _late)
            _earned = Math.Clamp(_aim / took, EarnedGrowthMin, EarnedGrowthMax);
        if (!IsProbing)
            return;
        // It is back: what failed before says nothing any more.
        IsProbing = false;
        _limit = Math.Min(_floor * 2, Math.Min(_refusedAbove, _overrunAbove));
        _backAt = now;
        Change(now);
        _answersSince = 1;
    }

    void JudgeIfDue(Instant now)
    {
        if (_recent.FailObviously || (_recent.AreEnough(now) && now - _changedAt >= SinceChangeMin))
            Judge(now);
    }

    void Judge(Instant now)
    {
        bool isBearable = _recent.FailedShare <= FailuresMax || (_recent.TimeOut && _recent.TimedOutShareLately(now) <= FailuresMax);
        if (IsProbing || isBearable || !_recent.FailForMany(max))
        {
            _recent.Clear();
            return;
        }

        double wouldLeaveAFifth = _limit * (1 - _recent.FailedShare) / (1 - FailuresMax);
        Instant failingSince = _recent.FailingSince;
        bool timeOut = _recent.TimeOut;
        if (timeOut)
            ShrinkOverrun(wouldLeaveAFifth, now);
        else
            ShrinkRefused(wouldLeaveAFifth, now);
        Change(now);
        // What was begun when others ran out of time may be answered soon, and then it isn't away; perhaps nobody asks for anything else.
        if (IsProbing && timeOut)
            _changedAt = failingSince;
    }

    void ShrinkOverrun(double wouldLeaveAFifth, Instant now)
    {
        double before = _limit;
        ShrinkTo(_recent.FailedShare < NearlyAll ? wouldLeaveAFifth : 0, _floor);
        _probePeriod = _hangProbePeriod;
        if (!IsProbing)
            _overrunAbove = _limit;
        // Who has just answered late, or has just come back, and lets all run out of time now, was given too many. Half as many may still be,
        // which shows only after as long again.
        else if ((_lastTook > _late && HasJustAnswered(now)) || now - _backAt < attemptTimeout * 2)
            _overrunAbove = Math.Max(1, before / 2);
    }

    /// <summary>
    /// While there are answers by a quarter of those in flight at most: a place whose lookups are refused at once makes hundreds of failures while
    /// another one waits for its answer, and one whose connection was lost may be good again at once.
    /// </summary>
    void ShrinkRefused(double wouldLeaveAFifth, Instant now)
    {
        // At a start it is as good as one that has answered until it has had the time to, if it doesn't refuse at once.
        bool mayBeWell = HasJustAnswered(now) || (now - _firstStart < attemptTimeout / 2 && !_recent.AreRefused);
        double atLeast = mayBeWell ? Math.Min(_limit, _recent.MostInFlight) * RefusedKept : 0;
        // What was in flight is lost, and nobody is let in.
        if (_recent.FailObviously && _recent.WereAnswered(now) && _flood.IsUnanswered(now))
            ShrinkTo(0, _floor);
        // Who answers, though only a few at a time, isn't away.
        else
            ShrinkTo(Math.Max(wouldLeaveAFifth, atLeast), atLeast > 0 ? 1 : _floor);
        _probePeriod = ProbePeriod;
        // Who refuses everything doesn't say how many are too many; connections that were lost in the midst of a lookup don't, either.
        if (IsProbing)
            _refusedAbove = max;
        else if (_recent.AreRefused)
            _refusedAbove = _refusedAt = _limit;
    }

    void ShrinkTo(double limit, int awayAt)
    {
        IsProbing = limit <= awayAt;
        _limit = IsProbing ? _floor : limit;
    }

    bool HasJustAnswered(Instant now) => now - _lastSuccess < attemptTimeout / 2;

    void Change(Instant now)
    {
        _changedAt = _lastGrowth = now;
        (_earned, _answersSince, _mostSinceGrowth) = (0, 0, 0);
        _recent.Clear();
    }

    void Grow(Instant now)
    {
        TimeSpan sinceGrowth = now - _lastGrowth;
        if (IsProbing || _limit >= max || sinceGrowth < GrowPeriod || _answersSince < (_limit >= UnansweredMax ? AnswersMin : 1))
            return;
        double free = Math.Min(_refusedAbove, _overrunAbove);
        if (_limit < free)
        {
            _limit = Math.Min(_limit * Growth + 1, free);
        }
        else
        {
            bool isCareful = _limit >= _refusedAbove, isOverrun = _limit >= _overrunAbove;
            if ((isCareful && sinceGrowth < CarefulGrowPeriod) || (isOverrun && _earned == 0) || _mostSinceGrowth < Limit * PlacesTakenMin)
                return;
            double factor = Math.Min(isCareful ? CarefulGrowth : EarnedGrowthMax, isOverrun ? _earned : EarnedGrowthMax);
            _limit = Math.Min(max, _limit * factor + 1);
            (_refusedAbove, _overrunAbove) = (Math.Max(_limit, _refusedAbove), Math.Max(_limit, _overrunAbove));
            if (_limit > _refusedAt * 2)
                _refusedAbove = _refusedAt = max;
        }

        // A long silence isn't made up for in one leap.
        _lastGrowth = sinceGrowth > GrowPeriod * 2 ? now : _lastGrowth + GrowPeriod;
        (_earned, _mostSinceGrowth) = (0, 0);
    }
}

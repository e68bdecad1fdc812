using Callbacks.Time;

namespace Callbacks.Lookup;

/// <summary>
/// Whether this machine has enough to do with failures. An upstream that goes away with thousands of lookups in flight fails them all at once, which
/// is a second or two of work, and whatever is begun meanwhile fails behind them. Until the flood has passed, <see cref="Period"/> says how many are begun
/// to see whether anybody is let in. Not safe for use by several threads.
/// </summary>
sealed class FailureFlood
{
    const int FailuresMin = 32;
    const int FailuresPerAnswer = 4;

    /// <summary>A twentieth of what is in flight: a tenth that is lost within a second, before the first answers can come, is no flood.</summary>
    const int InFlightPerFailure = 20;

    /// <summary>Fewer, and it has passed: those that are begun meanwhile are more, if they fail.</summary>
    const int FailuresLeft = 8;

    /// <summary>What is counted, and how long nothing is answered when <see cref="IsUnanswered"/>.</summary>
    public static readonly TimeSpan Span = TimeSpan.FromMilliseconds(250);

    /// <summary>On an average, for they are begun some at a time.</summary>
    static readonly TimeSpan Period = TimeSpan.FromMilliseconds(4);
    static readonly TimeSpan AheadMax = TimeSpan.FromMilliseconds(60);

    readonly SlidingCount _failures = new(Span);
    readonly SlidingCount _answers = new(Span);
    Instant _nextDue;
    bool _isOn;

    public void Begun(Instant now) => _nextDue = (_nextDue > now ? _nextDue : now) + Period;

    public void Answered(Instant now) => _answers.Add(now);

    /// <summary>But not of those whose time is up: giving these up is little work.</summary>
    public void Failed(Instant now) => _failures.Add(now);

    /// <summary>Failures, and not one answer.</summary>
    public bool IsUnanswered(Instant now) => _failures.Sum(now) >= FailuresMin && _answers.Sum(now) == 0;

    /// <summary>Whether one more may begin, with so many in flight.</summary>
    public bool MayBegin(int inFlight, Instant now)
    {
        bool wasOn = _isOn;
        _isOn = IsOn(inFlight, now);
        if (_isOn && !wasOn)
            _nextDue = now;
        return !_isOn || _nextDue - now <= AheadMax;
    }

    bool IsOn(int inFlight, Instant now)
    {
        int failures = _failures.Sum(now);
        if (failures < (_isOn ? FailuresLeft : FailuresMin))
            return false;
        int answers = _answers.Sum(now);
        // It is over when as many are answered: a little sooner, and thousands were begun at once.
        return _isOn ? failures >= answers : failures >= answers * FailuresPerAnswer && failures >= inFlight / InFlightPerFailure;
    }
}

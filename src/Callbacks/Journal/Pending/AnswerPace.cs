namespace Callbacks.Journal.Pending;

/// <summary>
/// How fast lookups are answered, as the best of the last few seconds has shown: after an outage the true pace is known as soon as it is
/// reached, not when an average has forgotten the outage. Not safe for use by several threads.
/// </summary>
/// <param name="spanMicroseconds">Answers are counted in spans of this length.</param>
sealed class AnswerPace(long spanMicroseconds)
{
    const int Spans = 4;

    readonly int[] _answers = new int[Spans];
    long _current;

    /// <summary>An answer that came since the last call of <see cref="TimeFor"/> or <see cref="Advance"/>.</summary>
    public void Count() => _answers[_current % Spans]++;

    public void Advance(long now)
    {
        long span = now / spanMicroseconds;
        if (span <= _current)
            return;
        for (long passed = Math.Max(_current + 1, span - Spans + 1); passed <= span; passed++)
            _answers[passed % Spans] = 0;
        _current = span;
    }

    /// <summary>How long so many lookups take, in microseconds: for ever, while nothing is answered.</summary>
    public long TimeFor(int lookups, long now)
    {
        Advance(now);
        int best = _answers.Max();
        return best == 0 ? long.MaxValue : lookups * spanMicroseconds / best;
    }
}

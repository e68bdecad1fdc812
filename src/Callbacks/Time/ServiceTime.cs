namespace Callbacks.Time;

/// <summary>
/// The clock that receiving, retrying, expiring and sweeping go by. It starts at the later of the wall clock and the journal's
/// last receive time, and runs on the monotonic clock, so it never goes back. It steps forward when the wall clock is more than
/// a second ahead (a suspended machine, a corrected clock), and runs on when the wall clock is behind.
/// </summary>
sealed class ServiceTime
{
    static readonly TimeSpan Tolerance = TimeSpan.FromSeconds(1);

    readonly TimeProvider _provider;
    readonly Lock _lock = new();
    long _startTimestamp;
    Instant _start;
    Instant _steppedAt = Instant.MinValue;
    TimeSpan _apart;

    public ServiceTime(TimeProvider provider)
    {
        _provider = provider;
        (_start, _startTimestamp) = ReadClocks();
    }

    /// <summary>Whole microseconds, never smaller than any value returned before.</summary>
    public Instant Now
    {
        get
        {
            lock (_lock)
            {
                Instant now = _start + _provider.GetElapsedTime(_startTimestamp);
                Instant wall = Instant.From(_provider.GetUtcNow());
                _apart = wall - now;
                if (_apart <= Tolerance)
                    return now;

                (_start, _startTimestamp) = ReadClocks();
                _steppedAt = _start;
                return _start;
            }
        }
    }

    /// <summary>How far the wall clock is ahead (positive) or behind (negative); more than a second behind is shown as degraded.</summary>
    public TimeSpan Apart
    {
        get
        {
            _ = Now;
            lock (_lock)
                return _apart > Tolerance ? TimeSpan.Zero : _apart;
        }
    }

    public bool IsDegraded => Apart < -Tolerance;

    /// <summary>When service time last stepped forward; nothing may be swept for one retention after it. <see cref="Instant.MinValue"/> if never.</summary>
    public Instant SteppedAt
    {
        get
        {
            lock (_lock)
                return _steppedAt;
        }
    }

    /// <summary>
    /// Both clocks at the same moment. A thread that is held up between reading the one and the other, as at a start on a busy machine, would
    /// set service time off for good; so the closest of a few pairs is taken.
    /// </summary>
    (Instant Wall, long Timestamp) ReadClocks()
    {
        const int Tries = 10;
        var closest = (Wall: Instant.MinValue, Timestamp: 0L, Gap: TimeSpan.MaxValue);
        for (int i = 0; i < Tries; i++)
        {
            long before = _provider.GetTimestamp();
            Instant wall = Instant.From(_provider.GetUtcNow());
            long after = _provider.GetTimestamp();
            TimeSpan gap = _provider.GetElapsedTime(before, after);
            if (gap < closest.Gap)
                closest = (wall, after, gap);
        }

        return (closest.Wall, closest.Timestamp);
    }

    /// <summary>Called once, before the first callback is accepted: service time is never earlier than what the journal has seen.</summary>
    public void StartNoEarlierThan(Instant lastReceived)
    {
        lock (_lock)
        {
            Instant now = _start + _provider.GetElapsedTime(_startTimestamp);
            if (now < lastReceived)
            {
                _startTimestamp = _provider.GetTimestamp();
                _start = lastReceived;
            }
        }
    }
}

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
    // Replaced as a whole, for each callback, visit and lookup reads it.
    volatile Epoch _epoch;
    Instant _steppedAt = Instant.MinValue;

    public ServiceTime(TimeProvider provider)
    {
        _provider = provider;
        _epoch = ReadClocks();
    }

    /// <summary>Whole microseconds, never smaller than any value that was returned before the call.</summary>
    public Instant Now
    {
        get
        {
            Epoch epoch = _epoch;
            Instant now = epoch.Start + _provider.GetElapsedTime(epoch.Timestamp);
            return Wall - now <= Tolerance ? now : Step();
        }
    }

    /// <summary>How far the wall clock is ahead (positive) or behind (negative); more than a second behind is shown as degraded.</summary>
    public TimeSpan Apart
    {
        get
        {
            Instant now = Now;
            TimeSpan apart = Wall - now;
            return apart > Tolerance ? TimeSpan.Zero : apart;
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

    Instant Wall => Instant.From(_provider.GetUtcNow());

    /// <summary>Called once, before the first callback is accepted: service time is never earlier than what the journal has seen.</summary>
    public void StartNoEarlierThan(Instant lastReceived)
    {
        lock (_lock)
        {
            if (_epoch.Start + _provider.GetElapsedTime(_epoch.Timestamp) < lastReceived)
                _epoch = new Epoch(lastReceived, _provider.GetTimestamp());
        }
    }

    Instant Step()
    {
        lock (_lock)
        {
            Epoch read = ReadClocks();
            Instant now = _epoch.Start + _provider.GetElapsedTime(_epoch.Timestamp, read.Timestamp);
            // Another thread has stepped, or the wall clock was set back again.
            if (read.Start - now <= Tolerance)
                return now;
            // First, so that who reads the new time finds that there was a step.
            _steppedAt = read.Start;
            _epoch = read;
            return read.Start;
        }
    }

    /// <summary>
    /// Both clocks at the same moment. A thread that is held up between reading the one and the other, as at a start on a busy machine, would
    /// set service time off for good; so the closest of a few pairs is taken.
    /// </summary>
    Epoch ReadClocks()
    {
        const int Tries = 10;
        var closest = new Epoch(Instant.MinValue, 0);
        TimeSpan least = TimeSpan.MaxValue;
        for (int i = 0; i < Tries; i++)
        {
            long before = _provider.GetTimestamp();
            Instant wall = Wall;
            long after = _provider.GetTimestamp();
            TimeSpan gap = _provider.GetElapsedTime(before, after);
            if (gap < least)
                (closest, least) = (new Epoch(wall, after), gap);
        }

        return closest;
    }

    /// <summary>Service time was <paramref name="Start"/> when the monotonic clock stood at <paramref name="Timestamp"/>.</summary>
    sealed record Epoch(Instant Start, long Timestamp);
}

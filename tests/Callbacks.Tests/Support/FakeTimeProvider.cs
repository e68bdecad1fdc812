namespace Callbacks.Tests.Support;

/// <summary>
/// Time that moves only when told to: the wall clock and the monotonic clock together, or the wall clock alone, as when somebody
/// sets it. Timers fire while time is moved, in the order in which they are due.
/// </summary>
sealed class FakeTimeProvider(DateTimeOffset start) : TimeProvider
{
    readonly Lock _lock = new();
    readonly List<Timer> _timers = [];
    DateTimeOffset _wall = start;
    long _elapsed;

    public FakeTimeProvider()
        : this(new DateTimeOffset(2026, 1, 1, 0, 0, 0, TimeSpan.Zero))
    {
    }

    public override long TimestampFrequency => TimeSpan.TicksPerSecond;

    public override DateTimeOffset GetUtcNow()
    {
        lock (_lock)
            return _wall;
    }

    public override long GetTimestamp()
    {
        lock (_lock)
            return _elapsed;
    }

    public void Advance(TimeSpan span)
    {
        long target = GetTimestamp() + span.Ticks;
        while (true)
        {
            Timer? next;
            lock (_lock)
            {
                next = _timers.Where(timer => timer.DueAt <= target).MinBy(timer => timer.DueAt);
                long to = next?.DueAt ?? target;
                _wall += TimeSpan.FromTicks(Math.Max(0, to - _elapsed));
                _elapsed = Math.Max(_elapsed, to);
                next?.Rearm();
            }

            if (next is null)
                return;
            next.Fire();
        }
    }

    /// <summary>Moves the wall clock only.</summary>
    public void SetWallClock(DateTimeOffset wall)
    {
        lock (_lock)
            _wall = wall;
    }

    public override ITimer CreateTimer(TimerCallback callback, object? state, TimeSpan dueTime, TimeSpan period)
    {
        var timer = new Timer(this, callback, state);
        timer.Change(dueTime, period);
        return timer;
    }

    sealed class Timer(FakeTimeProvider provider, TimerCallback callback, object? state) : ITimer
    {
        TimeSpan _period = Timeout.InfiniteTimeSpan;

        public long DueAt { get; private set; }

        public void Fire() => callback(state);

        public void Rearm()
        {
            if (_period > TimeSpan.Zero)
                DueAt += _period.Ticks;
            else
                provider._timers.Remove(this);
        }

        public bool Change(TimeSpan dueTime, TimeSpan period)
        {
            lock (provider._lock)
            {
                provider._timers.Remove(this);
                _period = period;
                if (dueTime != Timeout.InfiniteTimeSpan)
                {
                    DueAt = provider._elapsed + dueTime.Ticks;
                    provider._timers.Add(this);
                }
            }

            return true;
        }

        public void Dispose()
        {
            lock (provider._lock)
                provider._timers.Remove(this);
        }

        public ValueTask DisposeAsync()
        {
            Dispose();
            return ValueTask.CompletedTask;
        }
    }
}

using Callbacks.Time;

namespace Callbacks.Lookup;

/// <summary>The time limit of one lookup after another. Reused, for a lookup in flight should cost no more than it must.</summary>
sealed class AttemptTimer(TimeProvider timers) : IDisposable
{
    readonly Lock _lock = new();
    CancellationTokenSource _source = new(Timeout.InfiniteTimeSpan, timers);

    /// <summary>The token was cancelled because the service stops, not because the time was up.</summary>
    public bool IsBrokenOff { get; private set; }

    /// <summary>When the attempt was let go.</summary>
    public Instant BegunAt { get; set; }

    /// <summary>The token is cancelled when the time is up.</summary>
    public CancellationToken Start(TimeSpan timeout)
    {
        lock (_lock)
        {
            if (!_source.TryReset())
            {
                _source.Dispose();
                _source = new CancellationTokenSource(Timeout.InfiniteTimeSpan, timers);
            }

            // Broken off just before it began.
            _source.CancelAfter(IsBrokenOff ? TimeSpan.Zero : timeout);
            return _source.Token;
        }
    }

    public void Cancel()
    {
        lock (_lock)
        {
            IsBrokenOff = true;
            // By the timer's thread: cancelling runs what waits for it, which must not find our lock held.
            _source.CancelAfter(TimeSpan.Zero);
        }
    }

    public void Dispose() => _source.Dispose();
}

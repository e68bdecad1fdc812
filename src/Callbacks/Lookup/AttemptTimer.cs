namespace Callbacks.Lookup;

/// <summary>The time limit of one lookup after another. Reused, for a lookup in flight should cost no more than it must.</summary>
sealed class AttemptTimer(TimeProvider timers) : IDisposable
{
    CancellationTokenSource _source = new(Timeout.InfiniteTimeSpan, timers);

    /// <summary>The token was cancelled because the service stops, not because the time was up.</summary>
    public bool IsBrokenOff { get; private set; }

    /// <summary>The token is cancelled when the time is up.</summary>
    public CancellationToken Start(TimeSpan timeout)
    {
        if (!_source.TryReset())
        {
            _source.Dispose();
            _source = new CancellationTokenSource(Timeout.InfiniteTimeSpan, timers);
        }

        if (!IsBrokenOff)
            _source.CancelAfter(timeout);
        else
            _source.Cancel();
        return _source.Token;
    }

    public void Cancel()
    {
        IsBrokenOff = true;
        _source.Cancel();
    }

    public void Dispose() => _source.Dispose();
}

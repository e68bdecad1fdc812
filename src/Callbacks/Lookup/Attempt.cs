using Callbacks.Time;

namespace Callbacks.Lookup;

/// <summary>
/// A place among the lookups in flight, for one after the other: a lookup should cost no more than it must, so none has a timer or a
/// token of its own. Guarded by the lock of <see cref="Lookups"/>, but for what the lookup itself reads.
/// </summary>
sealed class Attempt : IDisposable
{
    CancellationTokenSource _source = new();

    /// <summary>The token was cancelled because the service stops, not because the time was up.</summary>
    public bool IsBrokenOff { get; private set; }

    /// <summary>Service time: what was received before is what its answer covers.</summary>
    public Instant BegunAt { get; private set; }

    /// <summary>The same moment as a timestamp, which no step of the clock moves: for how long it takes.</summary>
    public long Start { get; private set; }

    /// <summary>Cancelled when the time is up or the service stops.</summary>
    public CancellationToken Token => _source.Token;

    public void Begin(Instant now, long timestamp)
    {
        (BegunAt, Start) = (now, timestamp);
        // As good as new, if nothing ever happened to it.
        if (_source.IsCancellationRequested)
            Renew();
    }

    /// <summary>What waits for the token is told by another thread: it must not find our caller's lock held.</summary>
    public void Cancel() => _ = _source.CancelAsync();

    public void BreakOff()
    {
        IsBrokenOff = true;
        Cancel();
    }

    public void Dispose() => _source.Dispose();

    // Not disposed, for it may still be telling; there is nothing in it that needs to be.
    void Renew() => _source = new CancellationTokenSource();
}

using Callbacks.Time;

namespace Callbacks.Store;

/// <summary>
/// Tells one listener (the sweep) how old the rows are that were just written, and wakes it when one is older than what it is
/// waiting for. Commits that don't concern it cost it nothing.
/// </summary>
sealed class CommitSignal
{
    readonly Lock _lock = new();
    Instant _oldest = Instant.MaxValue;
    Instant _wakeBelow = Instant.MinValue;
    TaskCompletionSource _wake = new(TaskCreationOptions.RunContinuationsAsynchronously);

    /// <param name="oldest">The smallest <c>last_seen</c> of a batch that is committed, or may be.</param>
    public void Committed(Instant oldest)
    {
        lock (_lock)
        {
            _oldest = Instant.Min(_oldest, oldest);
            if (_oldest < _wakeBelow)
                _wake.TrySetResult();
        }
    }

    /// <summary>The smallest <c>last_seen</c> committed since the last call; <see cref="Instant.MaxValue"/> if none.</summary>
    public Instant TakeOldest()
    {
        lock (_lock)
        {
            Instant oldest = _oldest;
            _oldest = Instant.MaxValue;
            return oldest;
        }
    }

    /// <summary>Completes, never with an exception, when something older than <paramref name="below"/> is there, or after the delay, or on cancellation.</summary>
    public async Task WaitAsync(Instant below, TimeSpan delay, TimeProvider time, CancellationToken cancellationToken)
    {
        Task wake;
        lock (_lock)
        {
            if (_oldest < below)
                return;
            _wakeBelow = below;
            if (_wake.Task.IsCompleted)
                _wake = new(TaskCreationOptions.RunContinuationsAsynchronously);
            wake = _wake.Task;
        }

        await wake.WaitAsync(delay, time, cancellationToken).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        lock (_lock)
            _wakeBelow = Instant.MinValue;
    }
}

namespace Callbacks.Journal;

/// <summary>
/// Wakes one waiter. Setting it several times before it is awaited wakes once; setting it while nobody waits is remembered.
/// </summary>
sealed class Signal : IDisposable
{
    readonly SemaphoreSlim _semaphore = new(0, 1);
    int _set;

    public void Set()
    {
        if (Interlocked.Exchange(ref _set, 1) == 0)
            _semaphore.Release();
    }

    /// <summary>Returns on a signal or when the time is up, whichever is first.</summary>
    /// <exception cref="OperationCanceledException">The token was cancelled.</exception>
    public async ValueTask WaitAsync(TimeSpan timeout, CancellationToken cancellationToken)
    {
        if (await _semaphore.WaitAsync(timeout, cancellationToken))
            Volatile.Write(ref _set, 0);
    }

    /// <summary>The same for a thread of its own.</summary>
    public void Wait(TimeSpan timeout, CancellationToken cancellationToken)
    {
        if (_semaphore.Wait(timeout, cancellationToken))
            Volatile.Write(ref _set, 0);
    }

    public void Dispose() => _semaphore.Dispose();
}

namespace Callbacks.Lookup;

/// <summary>
/// Thousands of connections to the upstream live for long enough to be promoted, and die at once when it is away or everything pauses. With memory to
/// spare the collector doesn't look for them for minutes, and the next thousands take fresh memory: so it is asked to, beside the running threads, when
/// many have been opened since it did last, for each took the place of one that is gone. While they live it isn't: each look costs late answers.
/// </summary>
sealed class ConnectionRemains(Upstream upstream, TimeProvider time) : BackgroundService
{
    /// <summary>What is left of so many is some 60 MiB.</summary>
    public const long OpenedMax = 4096;

    static readonly TimeSpan Interval = TimeSpan.FromSeconds(5);

    int _collections;
    long _opened;

    /// <param name="collections">Of the oldest generation, so far.</param>
    /// <param name="opened">Connections, so far.</param>
    public bool IsDue(int collections, long opened)
    {
        if (collections != _collections)
            (_collections, _opened) = (collections, opened);
        return opened - _opened >= OpenedMax;
    }

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        try
        {
            while (true)
            {
                await Task.Delay(Interval, time, stoppingToken);
                if (IsDue(GC.CollectionCount(GC.MaxGeneration), upstream.ConnectionsOpened))
                    GC.Collect(GC.MaxGeneration, GCCollectionMode.Forced, blocking: false);
            }
        }
        catch (OperationCanceledException) when (stoppingToken.IsCancellationRequested)
        {
            // Also when the start of another service failed, of which the host would otherwise speak as this one's failure.
        }
    }
}

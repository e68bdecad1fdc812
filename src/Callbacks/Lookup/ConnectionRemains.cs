namespace Callbacks.Lookup;

/// <summary>
/// Thousands of connections to the upstream live for long enough to be promoted, and die at once when it is away or everything pauses. With memory to
/// spare the collector doesn't look for them for minutes, and the next thousands take fresh memory: so it is asked to, beside the running threads, when
/// much has been allocated since it did last.
/// </summary>
sealed class ConnectionRemains(TimeProvider time) : BackgroundService
{
    const long AllocatedMax = 512 << 20;

    static readonly TimeSpan Interval = TimeSpan.FromSeconds(5);

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        int collections = 0;
        long allocated = 0;
        while (true)
        {
            await Task.Delay(Interval, time, stoppingToken);
            long now = GC.GetTotalAllocatedBytes();
            if (GC.CollectionCount(GC.MaxGeneration) != collections)
                (collections, allocated) = (GC.CollectionCount(GC.MaxGeneration), now);
            else if (now - allocated >= AllocatedMax)
                GC.Collect(GC.MaxGeneration, GCCollectionMode.Forced, blocking: false);
        }
    }
}

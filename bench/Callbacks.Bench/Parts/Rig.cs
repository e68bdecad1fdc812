using Callbacks.Bench.Framework;

namespace Callbacks.Bench.Parts;

/// <summary>A service with a database and a journal of its own, for one side: what one side leaves behind must not be the next one's load.</summary>
sealed class Rig : IAsyncDisposable
{
    static int _count;

    Rig(ServicePart service, string database, string journal) => (Service, Database, Journal) = (service, database, journal);

    public ServicePart Service { get; }

    /// <summary>Its connection string.</summary>
    public string Database { get; }

    string Journal { get; }

    /// <param name="settings">As on the service's command line.</param>
    public static async Task<Rig> StartAsync(BenchContext context, Postgres postgres, Uri upstream, params string[] settings)
    {
        string database = await postgres.CreateDatabaseAsync();
        return await StartAsync(context, database, upstream, settings);
    }

    /// <param name="database">Prepared already.</param>
    public static async Task<Rig> StartAsync(BenchContext context, string database, Uri upstream, params string[] settings)
    {
        string journal = Path.Combine(context.Folder, $"journal-{Interlocked.Increment(ref _count)}");
        return new Rig(await ServicePart.StartAsync(context, journal, database, upstream, settings), database, journal);
    }

    /// <summary>What every side with a service shows over time.</summary>
    public Sampler Watch(BenchContext context) => new Sampler(context)
        .Watch("memory", "MiB", () => Service.Mebibytes)
        .WatchRate("CPU", "cores", () => Service.CpuSeconds)
        .WatchRate("lookups", "/s", async () => (await Service.StatusAsync()).Lookup.Answers)
        .WatchRate("rows stored", "/s", async () => (await Service.StatusAsync()).Postgresql.RowsStored)
        .Watch("pending", "sightings", async () => (await Service.StatusAsync()).Balance.Pending)
        .Watch("pending age", "s", async () => (await Service.StatusAsync()).OldestPendingAgeSeconds ?? 0);

    public async ValueTask DisposeAsync()
    {
        await Service.DisposeAsync();
        Directory.Delete(Journal, recursive: true);
    }
}

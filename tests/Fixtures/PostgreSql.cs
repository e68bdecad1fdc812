using Callbacks.Fixtures;
using Callbacks.Local;

[assembly: AssemblyFixture(typeof(PostgreSql))]

namespace Callbacks.Fixtures;

/// <summary>
/// The PostgreSQL of a test run: started when the first test asks for a database, stopped and removed after the last one. A test
/// that stops or kills its server takes a <see cref="TemporaryCluster"/>.
/// </summary>
public sealed class PostgreSql : IAsyncDisposable
{
    static readonly Lazy<Task<TemporaryCluster>> Running = new(() => TemporaryCluster.StartAsync());
    static int _databases;

    /// <summary>A fresh, empty database: one per test class. Returns its connection string.</summary>
    /// <remarks>Skips the calling test when PostgreSQL is not installed; fails it in CI.</remarks>
    public static async Task<string> CreateDatabaseAsync()
    {
        PrivateCluster cluster = (await Running.Value).Cluster;
        string name = $"test_{Interlocked.Increment(ref _databases)}";
        await cluster.CreateDatabaseAsync(name);
        return cluster.ConnectionString(name);
    }

    public async ValueTask DisposeAsync()
    {
        if (Running is { IsValueCreated: true, Value.IsCompletedSuccessfully: true })
            await (await Running.Value).DisposeAsync();
        await TemporaryCluster.RemoveModelAsync();
    }
}

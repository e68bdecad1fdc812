using System.Globalization;
using Callbacks.Bench.Framework;
using Callbacks.Fixtures;
using Callbacks.Local;
using Npgsql;

namespace Callbacks.Bench.Parts;

/// <summary>A PostgreSQL of the bench's own, with the settings that <c>./callback up</c> gives it. Its folder goes with it.</summary>
sealed class Postgres : IAsyncDisposable
{
    static int _count;

    // Where the account that PostgreSQL runs as can reach it, which the folder of the results need not be.
    readonly string _folder = Path.Combine(Path.GetTempPath(), $"callback-bench-{Environment.ProcessId}-{Interlocked.Increment(ref _count)}");
    readonly PrivateCluster _cluster;
    int _databases;

    Postgres() => _cluster = new PrivateCluster(_folder, FreePort.Take()) { Settings = ServerSettings.Here };

    /// <summary>Of the server and all its sessions.</summary>
    public double CpuSeconds => ProcessFigures.CpuSecondsOfTree(_cluster.ProcessId!.Value);

    public static async Task<Postgres> StartAsync(CancellationToken stop)
    {
        var postgres = new Postgres();
        try
        {
            await postgres._cluster.StartAsync(stop);
            return postgres;
        }
        catch
        {
            await postgres.DisposeAsync();
            throw;
        }
    }

    /// <summary>An empty database for one side. Returns its connection string.</summary>
    public async Task<string> CreateDatabaseAsync()
    {
        string name = $"bench_{++_databases}";
        await _cluster.CreateDatabaseAsync(name);
        return _cluster.ConnectionString(name);
    }

    public static async Task ExecuteAsync(string connectionString, string sql)
    {
        await using NpgsqlDataSource source = Open(connectionString);
        await using NpgsqlCommand command = source.CreateCommand(sql);
        command.CommandTimeout = 0;
        await command.ExecuteNonQueryAsync();
    }

    public static async Task<T> ReadAsync<T>(string connectionString, string sql)
    {
        await using NpgsqlDataSource source = Open(connectionString);
        await using NpgsqlCommand command = source.CreateCommand(sql);
        command.CommandTimeout = 0;
        return (T)(await command.ExecuteScalarAsync())!;
    }

    /// <summary>A time as SQL.</summary>
    public static string Literal(DateTimeOffset time) => $"timestamptz '{time.UtcDateTime.ToString("yyyy-MM-dd HH:mm:ss.ffffff", CultureInfo.InvariantCulture)}+00'";

    public async ValueTask DisposeAsync()
    {
        await _cluster.StopImmediatelyAsync();
        if (Directory.Exists(_folder))
            Directory.Delete(_folder, recursive: true);
    }

    // Without a pool: sessions would hold the database.
    static NpgsqlDataSource Open(string connectionString) =>
        NpgsqlDataSource.Create(new NpgsqlConnectionStringBuilder(connectionString) { Pooling = false });
}

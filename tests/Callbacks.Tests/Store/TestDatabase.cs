using Callbacks.Store;
using Callbacks.Time;
using Npgsql;

namespace Callbacks.Tests.Store;

/// <summary>A look at the database past the service, through a pool of its own.</summary>
sealed class TestDatabase(string connectionString) : IAsyncDisposable
{
    readonly NpgsqlDataSource _dataSource = NpgsqlDataSource.Create(new NpgsqlConnectionStringBuilder(connectionString)
    {
        ApplicationName = "test",
        MaxPoolSize = 10,
    });

    public string ConnectionString => connectionString;

    public ValueTask DisposeAsync() => _dataSource.DisposeAsync();

    public async Task<NpgsqlConnection> OpenAsync() => await _dataSource.OpenConnectionAsync();

    public async Task ExecuteAsync(string sql)
    {
        await using NpgsqlCommand command = _dataSource.CreateCommand(sql);
        await command.ExecuteNonQueryAsync();
    }

    public async Task<T> ReadAsync<T>(string sql)
    {
        await using NpgsqlCommand command = _dataSource.CreateCommand(sql);
        return (T)(await command.ExecuteScalarAsync())!;
    }

    public async Task InsertAsync(params ObjectState[] states)
    {
        await using NpgsqlConnection connection = await OpenAsync();
        await using var command = new NpgsqlCommand(StoreSql.Upsert, connection);
        var batch = new ObjectBatch();
        batch.Rows.AddRange(states);
        batch.Bind(command.Parameters);
        await command.ExecuteNonQueryAsync();
    }

    /// <summary>All rows, ascending by id.</summary>
    public async Task<List<ObjectState>> ReadRowsAsync()
    {
        await using NpgsqlCommand command = _dataSource.CreateCommand("select id, online, last_seen from objects order by id");
        await using NpgsqlDataReader reader = await command.ExecuteReaderAsync();
        var rows = new List<ObjectState>();
        while (await reader.ReadAsync())
            rows.Add(new ObjectState(reader.GetInt64(0), reader.GetBoolean(1), Instant.From(reader.GetDateTime(2))));
        return rows;
    }

    public async Task<List<long>> ReadIdsAsync() => [.. (await ReadRowsAsync()).Select(row => row.Id)];

    /// <summary>Completes when some session of the service waits for a lock.</summary>
    public Task UntilSomebodyWaitsForALockAsync(string applicationName) => Support.Wait.UntilAsync(
        () => ReadAsync<bool>($"select exists (select from pg_stat_activity where application_name = '{applicationName}' and wait_event_type = 'Lock' and datname = current_database())"),
        $"{applicationName} waits for a lock");
}

using Callbacks.Fixtures;
using Callbacks.Store;
using Callbacks.Tests.Support;
using Callbacks.Time;
using Microsoft.Extensions.Logging;
using Npgsql;

namespace Callbacks.Tests.Store;

/// <summary>What is done to a whole server, which is the test's own.</summary>
public sealed class ServerFaultTests : IAsyncLifetime
{
    const int ConnectionsMax = 20;

    static readonly ObjectState[] Two =
    [
        .. new long[] { 1, 2 }.Select(id => new ObjectState(id, Online: true, Instant.From(new DateTimeOffset(2026, 1, 1, 12, 0, 0, TimeSpan.Zero)))),
    ];

    TemporaryCluster _server = null!;
    TestDatabase _database = null!;
    WriterRig _rig = null!;

    public async ValueTask InitializeAsync()
    {
        _server = await TemporaryCluster.StartAsync(ConnectionsMax);
        await _server.Cluster.CreateDatabaseAsync("callbacks");
        _database = new TestDatabase(_server.Cluster.ConnectionString("callbacks"));
        _rig = new WriterRig(_database.ConnectionString);
        await _rig.WriteAsync(Two[0]);
        // Its connection is kept from here on, so that it needs none when there is none.
        Assert.Single(await _database.ReadRowsAsync());
    }

    public async ValueTask DisposeAsync()
    {
        await _rig.DisposeAsync();
        await _database.DisposeAsync();
        await _server.DisposeAsync();
    }

    [Fact]
    public async Task A_server_without_a_free_connection_is_waited_out()
    {
        var taken = new List<NpgsqlConnection>();
        await TakeConnectionsAsync(taken);
        await _database.ExecuteAsync("select pg_terminate_backend(pid, 5000) from pg_stat_activity where application_name like 'callback %'");
        await TakeConnectionsAsync(taken);

        await _rig.Writer.StartAsync(CancellationToken.None);
        _rig.Source.Offer(Two[1]);
        await Wait.UntilAsync(() => _rig.State.Health.Error?.StartsWith("53300", StringComparison.Ordinal) == true, "the state says why");
        foreach (NpgsqlConnection connection in taken)
            await connection.DisposeAsync();

        await _rig.UntilStoredAsync();
        await Wait.UntilAsync(() => _rig.State.Health.IsUp, "the state says up");
        Assert.Equal(Two, await _database.ReadRowsAsync());
        Assert.Equal(1, _rig.Log.Count(LogLevel.Warning));
    }

    [Fact]
    public async Task A_server_that_becomes_read_only_under_open_sessions_is_waited_out()
    {
        await _rig.Writer.StartAsync(CancellationToken.None);
        await SetAsync("alter system set default_transaction_read_only = on", "on");
        _rig.Source.Offer(Two[1]);
        await Wait.UntilAsync(() => _rig.State.Health.Error?.StartsWith("25006", StringComparison.Ordinal) == true, "the state says why");

        await SetAsync("alter system reset default_transaction_read_only", "off");
        await _rig.UntilStoredAsync();
        await Wait.UntilAsync(() => _rig.State.Health.IsUp, "the state says up");
        Assert.Equal(Two, await _database.ReadRowsAsync());
        Assert.Equal(1, _rig.Log.Count(LogLevel.Warning));
    }

    /// <summary>Opens connections until the server has no more.</summary>
    async Task TakeConnectionsAsync(List<NpgsqlConnection> taken)
    {
        string unpooled = new NpgsqlConnectionStringBuilder(_database.ConnectionString) { Pooling = false }.ConnectionString;
        while (true)
        {
            var connection = new NpgsqlConnection(unpooled);
            try
            {
                await connection.OpenAsync();
                taken.Add(connection);
            }
            catch (PostgresException e) when (e.SqlState == PostgresErrorCodes.TooManyConnections)
            {
                return;
            }

            Assert.True(taken.Count <= ConnectionsMax, "More connections are taken than there are.");
        }
    }

    /// <summary>Returns when sessions that were open before have it, too.</summary>
    async Task SetAsync(string sql, string readOnly)
    {
        await _database.ExecuteAsync(sql);
        await _database.ExecuteAsync("select pg_reload_conf()");
        await Wait.UntilAsync(
            async () => await _database.ReadAsync<string>("show default_transaction_read_only") == readOnly, $"the server has read-only {readOnly}");
    }
}

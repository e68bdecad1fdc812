using Callbacks.Tester.Records;
using Callbacks.Tester.Verify;
using Npgsql;

namespace Callbacks.Tests.Tester;

public sealed class AuditOnPostgres
{
    [Fact]
    public async Task Every_change_is_recorded_with_old_and_new_and_survives_an_immediate_stop()
    {
        await using PrivateCluster cluster = await PrivateCluster.StartAsync();
        await ExecuteAsync(cluster, "create table objects(id bigint primary key, online boolean not null, last_seen timestamptz not null)");
        long before = Moment.Now(TimeProvider.System);
        await Database.InstallAuditAsync(cluster.ConnectionString, CancellationToken.None);
        await ExecuteAsync(cluster, Upsert("(1, true, '2026-01-01T00:00:01Z'), (2, true, '2026-01-01T00:00:02Z')"));
        // One statement that updates 2, inserts 3, and leaves 1 as it is, because it is older.
        await ExecuteAsync(cluster, Upsert("(1, true, '2026-01-01T00:00:00Z'), (2, false, '2026-01-01T00:00:03Z'), (3, true, '2026-01-01T00:00:03.000001Z')"));
        await ExecuteAsync(cluster, "delete from objects where id = 2");
        await cluster.StopAtOnceAsync();
        await cluster.StartServerAsync();

        Snapshot snapshot = await Database.ReadAsync(cluster.ConnectionString, audit: true, CancellationToken.None);
        long after = Moment.Now(TimeProvider.System);
        const long Start = 1_767_225_600 * Moment.PerSecond;
        Assert.Equal([new TableRow(1, true, Start + 1_000_000), new TableRow(3, true, Start + 3_000_001)], snapshot.Table.OrderBy(row => row.Id));
        Assert.Equal(
            [
                new Change(0, 0, ChangeKind.Insert, 1, false, 0, true, Start + 1_000_000),
                new Change(0, 0, ChangeKind.Insert, 2, false, 0, true, Start + 2_000_000),
                new Change(0, 0, ChangeKind.Update, 2, true, Start + 2_000_000, false, Start + 3_000_000),
                new Change(0, 0, ChangeKind.Delete, 2, false, Start + 3_000_000, false, 0),
                new Change(0, 0, ChangeKind.Insert, 3, false, 0, true, Start + 3_000_001),
            ],
            snapshot.Changes!.OrderBy(change => change.Id).ThenBy(change => change.Sequence).Select(change => change with { Sequence = 0, At = 0 }));
        Assert.All(snapshot.Changes!, change => Assert.InRange(change.At, snapshot.AuditFrom, snapshot.ReadAt));
        Assert.InRange(snapshot.AuditFrom, before, after);
    }

    static string Upsert(string rows) => $"""
        insert into objects values {rows}
        on conflict (id) do update set online = excluded.online, last_seen = excluded.last_seen where objects.last_seen < excluded.last_seen
        """;

    static async Task ExecuteAsync(PrivateCluster cluster, string sql)
    {
        await using var connection = new NpgsqlConnection(cluster.ConnectionString);
        await connection.OpenAsync();
        await using var command = new NpgsqlCommand(sql, connection);
        await command.ExecuteNonQueryAsync();
    }
}

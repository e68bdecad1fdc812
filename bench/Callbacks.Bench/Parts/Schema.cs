using Callbacks.Store;
using Microsoft.Extensions.Logging.Abstractions;
using Npgsql;

namespace Callbacks.Bench.Parts;

/// <summary>The service's own table, made before the service starts, with rows in it.</summary>
static class Schema
{
    static readonly TimeSpan AnswerLimit = TimeSpan.FromSeconds(30);

    public static async Task ApplyAsync(string connectionString, CancellationToken stop)
    {
        await using NpgsqlDataSource source = NpgsqlDataSource.Create(new NpgsqlConnectionStringBuilder(connectionString) { Pooling = false });
        await new Migrator(TimeProvider.System, NullLogger<Migrator>.Instance).ApplyAsync(source, AnswerLimit, stop);
    }

    /// <summary>Rows first, index after: what takes a minute otherwise takes seconds.</summary>
    /// <param name="rows">Their ids are the even numbers from 0 on.</param>
    /// <param name="lastSeen">SQL for <c>last_seen</c> of row <c>i</c>, counted from 0.</param>
    public static Task FillAsync(string connectionString, long rows, string lastSeen) => Postgres.ExecuteAsync(
        connectionString,
        $"""
        truncate objects;
        drop index objects_last_seen;
        insert into objects select 2 * i, true, {lastSeen} from generate_series(0, {rows} - 1) i;
        create index objects_last_seen on objects (last_seen);
        """);

    /// <summary>Not within a transaction with anything else.</summary>
    public static async Task SettleAsync(string connectionString)
    {
        await Postgres.ExecuteAsync(connectionString, "vacuum analyze objects");
        await Postgres.ExecuteAsync(connectionString, "checkpoint");
    }
}

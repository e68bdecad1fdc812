using System.Reflection;
using Npgsql;

namespace Callbacks.Store;

/// <summary>
/// Brings the schema to the newest embedded migration. Safe to run at any time and by several instances at once; a crash leaves
/// each migration applied whole or not at all. A schema newer than this release is left alone.
/// </summary>
sealed partial class Migrator(TimeProvider time, ILogger<Migrator> logger)
{
    // An index on a table that is large already takes its time, and the lock waits for another instance that makes it.
    static readonly TimeSpan ChangeLimit = TimeSpan.FromMinutes(10);

    const string Prefix = "Callbacks.Store.Migrations.";

    readonly List<Migration> _migrations = ReadEmbedded();

    readonly record struct Migration(string Name, string Sql);

    /// <summary>Two cheap queries when there is nothing to do, so it also serves to see whether PostgreSQL answers.</summary>
    /// <param name="dataSource">Whose connection is used.</param>
    /// <param name="answerLimit">How long those two queries may take.</param>
    /// <param name="cancellationToken">The service's own.</param>
    public async Task ApplyAsync(NpgsqlDataSource dataSource, TimeSpan answerLimit, CancellationToken cancellationToken)
    {
        if (await IsCurrentAsync(dataSource).GiveUpAfterAsync(answerLimit, time, cancellationToken))
            return;
        await ApplyAsync(dataSource, cancellationToken).GiveUpAfterAsync(ChangeLimit, time, cancellationToken);
    }

    /// <summary>Whether nothing is left to apply. Only reads.</summary>
    public async Task<bool> IsCurrentAsync(NpgsqlDataSource dataSource)
    {
        await using NpgsqlConnection connection = await dataSource.OpenConnectionAsync(CancellationToken.None);
        return (await FindMissingAsync(connection)).Count == 0;
    }

    async Task ApplyAsync(NpgsqlDataSource dataSource, CancellationToken cancellationToken)
    {
        await using NpgsqlConnection connection = await dataSource.OpenConnectionAsync(cancellationToken);
        await ExecuteAsync(connection, StoreSql.LockMigrations);
        try
        {
            await ApplyLockedAsync(connection, cancellationToken);
        }
        finally
        {
            // The lock is the session's, and the session goes back to the pool. If it broke, the lock went with it.
            if (connection.FullState == System.Data.ConnectionState.Open)
                await ExecuteAsync(connection, StoreSql.UnlockMigrations);
        }
    }

    async Task ApplyLockedAsync(NpgsqlConnection connection, CancellationToken cancellationToken)
    {
        await ExecuteAsync(connection, StoreSql.CreateMigrations);
        List<Migration> missing = await FindMissingAsync(connection);
        bool isAnew = missing.Count == _migrations.Count;
        foreach (Migration migration in missing)
        {
            cancellationToken.ThrowIfCancellationRequested();
            await using NpgsqlTransaction transaction = await connection.BeginTransactionAsync(CancellationToken.None);
            await ExecuteAsync(connection, $"set local statement_timeout = {(long)ChangeLimit.TotalMilliseconds}");
            if (isAnew && migration == missing[0])
                await ExecuteAsync(connection, StoreSql.DeleteMigrations);
            await ExecuteAsync(connection, migration.Sql);
            await using (var insert = new NpgsqlCommand(StoreSql.InsertMigration, connection) { Parameters = { new() { Value = migration.Name } } })
                await insert.ExecuteNonQueryAsync(CancellationToken.None);
            await transaction.CommitAsync(CancellationToken.None);
            Log.Applied(logger, migration.Name);
        }
    }

    /// <summary>All of them when the table <c>objects</c> is gone, whatever is recorded: somebody dropped it.</summary>
    async Task<List<Migration>> FindMissingAsync(NpgsqlConnection connection)
    {
        await using (var find = new NpgsqlCommand(StoreSql.FindTables, connection))
        await using (NpgsqlDataReader reader = await find.ExecuteReaderAsync(CancellationToken.None))
        {
            await reader.ReadAsync(CancellationToken.None);
            if (!reader.GetBoolean(0) || !reader.GetBoolean(1))
                return _migrations;
        }

        var applied = new HashSet<string>(StringComparer.Ordinal);
        await using var select = new NpgsqlCommand(StoreSql.SelectMigrations, connection);
        await using NpgsqlDataReader names = await select.ExecuteReaderAsync(CancellationToken.None);
        while (await names.ReadAsync(CancellationToken.None))
            applied.Add(names.GetString(0));
        return [.. _migrations.Where(migration => !applied.Contains(migration.Name))];
    }

    static async Task ExecuteAsync(NpgsqlConnection connection, string sql)
    {
        await using var command = new NpgsqlCommand(sql, connection);
        await command.ExecuteNonQueryAsync(CancellationToken.None);
    }

    static List<Migration> ReadEmbedded()
    {
        Assembly assembly = typeof(Migrator).Assembly;
        var migrations = new List<Migration>();
        foreach (string resource in assembly.GetManifestResourceNames().Where(name => name.StartsWith(Prefix, StringComparison.Ordinal)))
        {
            using var reader = new StreamReader(assembly.GetManifestResourceStream(resource)!);
            migrations.Add(new Migration(resource[Prefix.Length..^".sql".Length], reader.ReadToEnd()));
        }

        migrations.Sort((left, right) => string.CompareOrdinal(left.Name, right.Name));
        return migrations;
    }

    static partial class Log
    {
        [LoggerMessage(Level = LogLevel.Information, Message = "Migration {Name} is applied.")]
        public static partial void Applied(ILogger logger, string name);
    }
}

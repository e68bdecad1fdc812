using System.Reflection;
using Npgsql;

namespace Callbacks.Store;

/// <summary>
/// Brings the schema to the newest embedded migration. Safe to run at any time and by several instances at once; a crash leaves
/// each migration applied whole or not at all. A schema newer than this release is left alone.
/// </summary>
sealed partial class Migrator(ILogger<Migrator> logger)
{
    // An index on a table that is large already takes its time, and the lock waits for another instance that makes it.
    const int ChangeTimeoutSeconds = 600;

    const string Prefix = "Callbacks.Store.Migrations.";

    readonly List<Migration> _migrations = ReadEmbedded();

    readonly record struct Migration(string Name, string Sql);

    /// <summary>Two cheap queries when there is nothing to do, so it also serves to see whether PostgreSQL answers.</summary>
    public async Task ApplyAsync(NpgsqlDataSource dataSource, CancellationToken cancellationToken)
    {
        await using NpgsqlConnection connection = await dataSource.OpenConnectionAsync(cancellationToken);
        if ((await FindMissingAsync(connection, cancellationToken)).Count == 0)
            return;

        await ExecuteAsync(connection, StoreSql.LockMigrations, cancellationToken);
        try
        {
            await ApplyLockedAsync(connection, cancellationToken);
        }
        finally
        {
            // The lock is the session's, and the session goes back to the pool. If it broke, the lock went with it.
            if (connection.FullState == System.Data.ConnectionState.Open)
                await ExecuteAsync(connection, StoreSql.UnlockMigrations, CancellationToken.None);
        }
    }

    async Task ApplyLockedAsync(NpgsqlConnection connection, CancellationToken cancellationToken)
    {
        await ExecuteAsync(connection, StoreSql.CreateMigrations, cancellationToken);
        List<Migration> missing = await FindMissingAsync(connection, cancellationToken);
        bool isAnew = missing.Count == _migrations.Count;
        foreach (Migration migration in missing)
        {
            await using NpgsqlTransaction transaction = await connection.BeginTransactionAsync(cancellationToken);
            if (isAnew && migration == missing[0])
                await ExecuteAsync(connection, StoreSql.DeleteMigrations, cancellationToken);
            await ExecuteAsync(connection, migration.Sql, cancellationToken);
            await using (var insert = new NpgsqlCommand(StoreSql.InsertMigration, connection) { Parameters = { new() { Value = migration.Name } } })
                await insert.ExecuteNonQueryAsync(cancellationToken);
            await transaction.CommitAsync(cancellationToken);
            Log.Applied(logger, migration.Name);
        }
    }

    /// <summary>All of them when the table <c>objects</c> is gone, whatever is recorded: somebody dropped it.</summary>
    async Task<List<Migration>> FindMissingAsync(NpgsqlConnection connection, CancellationToken cancellationToken)
    {
        await using (var find = new NpgsqlCommand(StoreSql.FindTables, connection))
        await using (NpgsqlDataReader reader = await find.ExecuteReaderAsync(cancellationToken))
        {
            await reader.ReadAsync(cancellationToken);
            if (!reader.GetBoolean(0) || !reader.GetBoolean(1))
                return _migrations;
        }

        var applied = new HashSet<string>(StringComparer.Ordinal);
        await using var select = new NpgsqlCommand(StoreSql.SelectMigrations, connection);
        await using NpgsqlDataReader names = await select.ExecuteReaderAsync(cancellationToken);
        while (await names.ReadAsync(cancellationToken))
            applied.Add(names.GetString(0));
        return [.. _migrations.Where(migration => !applied.Contains(migration.Name))];
    }

    static async Task ExecuteAsync(NpgsqlConnection connection, string sql, CancellationToken cancellationToken)
    {
        await using var command = new NpgsqlCommand(sql, connection) { CommandTimeout = ChangeTimeoutSeconds };
        await command.ExecuteNonQueryAsync(cancellationToken);
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

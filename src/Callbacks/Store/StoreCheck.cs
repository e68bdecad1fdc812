using Callbacks.Configuration;
using Npgsql;

namespace Callbacks.Store;

/// <summary>Whether PostgreSQL answers, and whether the schema is there or could be made. In a session that can only read.</summary>
sealed class StoreCheck(StoreConnections connections, Migrator migrator, TimeProvider time) : ICheck
{
    public string Subject => $"{StoreOptions.Section}:{nameof(StoreOptions.ConnectionString)}";

    public async Task<CheckResult?> RunAsync(CancellationToken cancellationToken)
    {
        try
        {
            return await LookAsync().GiveUpAfterAsync(2 * connections.AnswerLimit, time, cancellationToken);
        }
        catch (Exception exception) when (exception is NpgsqlException or TimeoutException or IOException or System.Net.Sockets.SocketException)
        {
            return CheckResult.Failed(
                $"PostgreSQL can't be used: {PostgresError.Describe(exception)} See whether it runs there, and whether user, password and database are right.");
        }
    }

    async Task<CheckResult> LookAsync()
    {
        Rights rights = await ReadRightsAsync();
        string server = $"PostgreSQL {rights.Version} answers";
        if (!rights.TakesWrites)
            return CheckResult.Failed($"{server}, but it is a standby, which can only be read. Name the primary.");
        if (rights.MayUseTable == false)
            return CheckResult.Failed($"{server}, but {rights.User} may not select, insert, update and delete in the table objects. Grant it.");
        if (rights.MayUseTable == true && await migrator.IsCurrentAsync(connections.View))
            return CheckResult.Ok($"{server}; the schema is there.");
        if (rights.Schema is null)
            return CheckResult.Failed($"{server}, but no schema of its search_path is there. Create one that {rights.User} may create tables in.");
        if (!rights.MayCreate)
            return CheckResult.Failed($"{server}, but {rights.User} may not create the tables in the schema {rights.Schema}. Grant create on it.");
        return rights.MayChangeTable == false
            ? CheckResult.Failed($"{server}, but the table objects is of an older release and {rights.User} is not its owner. Start once as its owner.")
            : CheckResult.Ok($"{server}; the schema is not there or of an older release, and the start will make it.");
    }

    async Task<Rights> ReadRightsAsync()
    {
        await using NpgsqlCommand command = connections.View.CreateCommand(StoreSql.DescribeRights);
        await using NpgsqlDataReader reader = await command.ExecuteReaderAsync(CancellationToken.None);
        await reader.ReadAsync(CancellationToken.None);
        return new Rights(
            reader.GetString(0), reader.GetBoolean(1), reader.IsDBNull(2) ? null : reader.GetString(2), reader.GetBoolean(3),
            reader.IsDBNull(4) ? null : reader.GetBoolean(4), reader.IsDBNull(5) ? null : reader.GetBoolean(5), reader.GetString(6));
    }

    /// <param name="MayUseTable">Null when it isn't there; so is <paramref name="MayChangeTable"/>.</param>
    sealed record Rights(string Version, bool TakesWrites, string? Schema, bool MayCreate, bool? MayUseTable, bool? MayChangeTable, string User);
}

using Npgsql;
using NpgsqlTypes;

namespace Callbacks.Store;

/// <summary>Reads rows for views. Throws when PostgreSQL doesn't answer within <see cref="AnswerLimit"/>.</summary>
sealed class ObjectReader(StoreConnections connections, TimeProvider time) : IDisposable
{
    /// <summary>Reads at a time; more wait for their turn.</summary>
    public const int ReadsMax = 4;

    readonly SemaphoreSlim _turns = new(ReadsMax);

    /// <summary>Includes opening a connection; a view is asked by somebody who waits.</summary>
    public static readonly TimeSpan AnswerLimit = TimeSpan.FromMilliseconds(900);

    public async Task<ObjectState?> FindAsync(long id, CancellationToken cancellationToken)
    {
        List<ObjectState> rows = await InTurnAsync(
            () => ReadAsync(StoreSql.SelectOne, new NpgsqlParameter<long> { TypedValue = id }), cancellationToken);
        return rows.Count == 0 ? null : rows[0];
    }

    /// <summary>Rows ascending by id.</summary>
    /// <param name="from">The first id that may be among them.</param>
    /// <param name="online">Only rows with this flag; null for all.</param>
    /// <param name="rowsMax">Most rows to return.</param>
    /// <param name="cancellationToken">The asker's.</param>
    public Task<List<ObjectState>> ReadPageAsync(long from, bool? online, int rowsMax, CancellationToken cancellationToken) =>
        InTurnAsync(
            () => ReadAsync(
                StoreSql.SelectPage,
                new NpgsqlParameter<long> { TypedValue = from },
                new NpgsqlParameter { Value = (object?)online ?? DBNull.Value, NpgsqlDbType = NpgsqlDbType.Boolean },
                new NpgsqlParameter<int> { TypedValue = rowsMax }),
            cancellationToken);

    public Task<long> CountOnlineAsync(CancellationToken cancellationToken) => InTurnAsync(
        async () =>
        {
            await using NpgsqlCommand command = connections.View.CreateCommand(StoreSql.CountOnline);
            return (long)(await command.ExecuteScalarAsync(CancellationToken.None))!;
        },
        cancellationToken);

    public void Dispose() => _turns.Dispose();

    async Task<T> InTurnAsync<T>(Func<Task<T>> read, CancellationToken cancellationToken)
    {
        long start = time.GetTimestamp();
        if (!await _turns.WaitAsync(AnswerLimit, cancellationToken))
            throw new TimeoutException("Too many views wait for PostgreSQL.");
        try
        {
            TimeSpan left = AnswerLimit - time.GetElapsedTime(start);
            return await read().GiveUpAfterAsync(left > TimeSpan.Zero ? left : TimeSpan.Zero, time, cancellationToken);
        }
        finally
        {
            _turns.Release();
        }
    }

    async Task<List<ObjectState>> ReadAsync(string sql, params NpgsqlParameter[] parameters)
    {
        var rows = new List<ObjectState>();
        await using NpgsqlConnection connection = await connections.View.OpenConnectionAsync(CancellationToken.None);
        await using var command = new NpgsqlCommand(sql, connection);
        command.Parameters.AddRange(parameters);
        await using NpgsqlDataReader reader = await command.ExecuteReaderAsync(CancellationToken.None);
        while (await reader.ReadAsync(CancellationToken.None))
            rows.Add(new ObjectState(reader.GetInt64(0), reader.GetBoolean(1), PostgresTime.ToInstant(reader.GetFieldValue<long>(2))));
        return rows;
    }
}

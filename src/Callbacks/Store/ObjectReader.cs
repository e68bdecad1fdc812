using Npgsql;
using NpgsqlTypes;

namespace Callbacks.Store;

/// <summary>Reads rows for views. Throws when PostgreSQL doesn't answer within <see cref="AnswerTimeout"/>.</summary>
sealed class ObjectReader(StoreConnections connections, TimeProvider time)
{
    /// <summary>Includes opening a connection; a view is asked by somebody who waits.</summary>
    public static readonly TimeSpan AnswerTimeout = TimeSpan.FromMilliseconds(900);

    public async Task<ObjectState?> FindAsync(long id, CancellationToken cancellationToken)
    {
        var rows = new List<ObjectState>();
        await using var command = new NpgsqlCommand(StoreSql.SelectOne) { Parameters = { new NpgsqlParameter<long> { TypedValue = id } } };
        await ReadAsync(command, rows, cancellationToken);
        return rows.Count == 0 ? null : rows[0];
    }

    /// <summary>Rows ascending by id.</summary>
    /// <param name="from">The first id that may be among them.</param>
    /// <param name="online">Only rows with this flag; null for all.</param>
    /// <param name="rowsMax">Most rows to return.</param>
    /// <param name="cancellationToken">The asker's.</param>
    public async Task<List<ObjectState>> ReadPageAsync(long from, bool? online, int rowsMax, CancellationToken cancellationToken)
    {
        var rows = new List<ObjectState>(rowsMax);
        await using var command = new NpgsqlCommand(StoreSql.SelectPage)
        {
            Parameters =
            {
                new NpgsqlParameter<long> { TypedValue = from },
                new NpgsqlParameter { Value = (object?)online ?? DBNull.Value, NpgsqlDbType = NpgsqlDbType.Boolean },
                new NpgsqlParameter<int> { TypedValue = rowsMax },
            },
        };
        await ReadAsync(command, rows, cancellationToken);
        return rows;
    }

    async Task ReadAsync(NpgsqlCommand command, List<ObjectState> rows, CancellationToken cancellationToken)
    {
        using var deadline = new CancellationTokenSource(AnswerTimeout, time);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(deadline.Token, cancellationToken);
        try
        {
            await using NpgsqlConnection connection = await connections.View.OpenConnectionAsync(either.Token);
            command.Connection = connection;
            await using NpgsqlDataReader reader = await command.ExecuteReaderAsync(either.Token);
            while (await reader.ReadAsync(either.Token))
                rows.Add(new ObjectState(reader.GetInt64(0), reader.GetBoolean(1), PostgresTime.ToInstant(reader.GetFieldValue<long>(2))));
        }
        catch (OperationCanceledException e) when (!cancellationToken.IsCancellationRequested)
        {
            throw new TimeoutException($"PostgreSQL did not answer within {AnswerTimeout.TotalMilliseconds:F0} ms.", e);
        }
    }
}

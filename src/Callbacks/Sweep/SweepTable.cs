using Callbacks.Store;
using Callbacks.Time;
using Npgsql;
using NpgsqlTypes;

namespace Callbacks.Sweep;

/// <summary>The sweep's statements, on its own connection.</summary>
sealed class SweepTable(StoreConnections connections, TimeProvider time)
{
    /// <summary>Rows of one statement. Some 30 ms of work, which is how long the writer may have to wait for a row.</summary>
    public const int RowsMax = 5_000;

    /// <summary>
    /// The rows with <paramref name="from"/> &lt;= <c>last_seen</c> &lt; <paramref name="below"/>, oldest first: all of them if fewer
    /// than <see cref="RowsMax"/>, else at least so many, and all that share the last one's time.
    /// </summary>
    public Task<DueColumns> ReadAsync(Instant from, Instant below, CancellationToken cancellationToken)
    {
        return ReadAsync().GiveUpAfterAsync(connections.AnswerLimit, time, cancellationToken);

        async Task<DueColumns> ReadAsync()
        {
            var rows = new DueColumns([], []);
            await using NpgsqlConnection connection = await connections.Sweep.OpenConnectionAsync(CancellationToken.None);
            await using var command = new NpgsqlCommand(SweepSql.SelectDue, connection)
            {
                Parameters = { Time(Bound(from)), Time(PostgresTime.From(below)), new NpgsqlParameter<int> { TypedValue = RowsMax } },
            };
            await command.PrepareAsync(CancellationToken.None);
            await using NpgsqlDataReader reader = await command.ExecuteReaderAsync(CancellationToken.None);
            while (await reader.ReadAsync(CancellationToken.None))
            {
                rows.Ids.Add(reader.GetInt64(0));
                rows.LastSeens.Add(PostgresTime.ToInstant(reader.GetFieldValue<long>(1)));
            }

            return rows;
        }
    }

    /// <summary>The smallest <c>last_seen</c> that is not before <paramref name="from"/>; <see cref="Instant.MaxValue"/> if there is none.</summary>
    public Task<Instant> ReadNextAsync(Instant from, CancellationToken cancellationToken)
    {
        return ReadNextAsync().GiveUpAfterAsync(connections.AnswerLimit, time, cancellationToken);

        async Task<Instant> ReadNextAsync()
        {
            await using NpgsqlConnection connection = await connections.Sweep.OpenConnectionAsync(CancellationToken.None);
            await using var command = new NpgsqlCommand(SweepSql.SelectNext, connection) { Parameters = { Time(Bound(from)) } };
            await command.PrepareAsync(CancellationToken.None);
            await using NpgsqlDataReader reader = await command.ExecuteReaderAsync(CancellationToken.None);
            await reader.ReadAsync(CancellationToken.None);
            return reader.IsDBNull(0) ? Instant.MaxValue : PostgresTime.ToInstant(reader.GetFieldValue<long>(0));
        }
    }

    /// <summary>Deletes those of the rows, sorted by id and at most <see cref="RowsMax"/>, that nobody has written again.</summary>
    /// <returns>The ids of the rows deleted, in no particular order.</returns>
    public Task<List<long>> DeleteAsync(ReadOnlySpan<DueRow> rows, CancellationToken cancellationToken) => AskAsync(SweepSql.Delete, rows, cancellationToken);

    /// <summary>The ids of those of the rows, at most <see cref="RowsMax"/>, that are there and that nobody has written again.</summary>
    public Task<List<long>> FindUnchangedAsync(ReadOnlySpan<DueRow> rows, CancellationToken cancellationToken) =>
        AskAsync(SweepSql.SelectUnchanged, rows, cancellationToken);

    Task<List<long>> AskAsync(string sql, ReadOnlySpan<DueRow> rows, CancellationToken cancellationToken)
    {
        // Copied, for a statement that is given up may still be sending.
        var ids = new long[rows.Length];
        var lastSeens = new long[rows.Length];
        for (int i = 0; i < rows.Length; i++)
        {
            ids[i] = rows[i].Id;
            lastSeens[i] = PostgresTime.From(rows[i].LastSeen);
        }

        return AskAsync(sql, ids, lastSeens).GiveUpAfterAsync(connections.AnswerLimit, time, cancellationToken);
    }

    async Task<List<long>> AskAsync(string sql, long[] ids, long[] lastSeens)
    {
        await using NpgsqlConnection connection = await connections.Sweep.OpenConnectionAsync(CancellationToken.None);
        await using var command = new NpgsqlCommand(sql, connection)
        {
            Parameters =
            {
                new NpgsqlParameter<long[]> { TypedValue = ids, NpgsqlDbType = NpgsqlDbType.Array | NpgsqlDbType.Bigint },
                new NpgsqlParameter<long[]> { TypedValue = lastSeens, NpgsqlDbType = NpgsqlDbType.Array | NpgsqlDbType.TimestampTz },
            },
        };
        await command.PrepareAsync(CancellationToken.None);
        await using NpgsqlDataReader reader = await command.ExecuteReaderAsync(CancellationToken.None);
        var found = new List<long>(ids.Length);
        while (await reader.ReadAsync(CancellationToken.None))
            found.Add(reader.GetInt64(0));
        return found;
    }

    // PostgreSQL's -infinity, so that a row of any age is found, whoever wrote it.
    static long Bound(Instant from) => from == Instant.MinValue ? long.MinValue : PostgresTime.From(from);

    static NpgsqlParameter<long> Time(long microseconds) => new() { TypedValue = microseconds, NpgsqlDbType = NpgsqlDbType.TimestampTz };
}

/// <summary>Rows as they were read, a list for each column: the journal is asked for a span of ids.</summary>
readonly record struct DueColumns(List<long> Ids, List<Instant> LastSeens);

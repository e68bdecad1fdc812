using System.Runtime.InteropServices;
using Callbacks.Store;
using Callbacks.Time;
using Npgsql;
using NpgsqlTypes;

namespace Callbacks.Sweep;

/// <summary>The sweep's three statements, on its own connection, with buffers that are reused.</summary>
sealed class SweepTable(StoreConnections connections)
{
    /// <summary>Rows of one statement. Some 30 ms of work, which is how long the writer may have to wait for a row.</summary>
    public const int RowsMax = 5_000;

    readonly List<long> _ids = [];
    readonly List<long> _lastSeens = [];

    /// <summary>
    /// Clears both lists and adds the rows with <paramref name="from"/> &lt;= <c>last_seen</c> &lt; <paramref name="below"/>, oldest
    /// first: all of them if fewer than <see cref="RowsMax"/>, else at least so many, and all that share the last one's time.
    /// </summary>
    public async Task ReadAsync(Instant from, Instant below, List<long> ids, List<Instant> lastSeens, CancellationToken cancellationToken)
    {
        ids.Clear();
        lastSeens.Clear();
        await using NpgsqlConnection connection = await connections.Sweep.OpenConnectionAsync(cancellationToken);
        await using var command = new NpgsqlCommand(SweepSql.SelectDue, connection)
        {
            Parameters = { Time(From(from)), Time(PostgresTime.From(below)), new NpgsqlParameter<int> { TypedValue = RowsMax } },
        };
        await command.PrepareAsync(cancellationToken);
        await using NpgsqlDataReader reader = await command.ExecuteReaderAsync(cancellationToken);
        while (await reader.ReadAsync(cancellationToken))
        {
            ids.Add(reader.GetInt64(0));
            lastSeens.Add(PostgresTime.ToInstant(reader.GetFieldValue<long>(1)));
        }
    }

    /// <summary>The smallest <c>last_seen</c> that is not before <paramref name="from"/>; <see cref="Instant.MaxValue"/> if there is none.</summary>
    public async Task<Instant> ReadNextAsync(Instant from, CancellationToken cancellationToken)
    {
        await using NpgsqlConnection connection = await connections.Sweep.OpenConnectionAsync(cancellationToken);
        await using var command = new NpgsqlCommand(SweepSql.SelectNext, connection) { Parameters = { Time(From(from)) } };
        await command.PrepareAsync(cancellationToken);
        await using NpgsqlDataReader reader = await command.ExecuteReaderAsync(cancellationToken);
        await reader.ReadAsync(cancellationToken);
        return await reader.IsDBNullAsync(0, cancellationToken) ? Instant.MaxValue : PostgresTime.ToInstant(reader.GetFieldValue<long>(0));
    }

    /// <summary>Deletes those of <paramref name="count"/> rows, sorted by id and at most <see cref="RowsMax"/>, that nobody has written again.</summary>
    /// <returns>The ids of the rows deleted, in no particular order; valid until the next call.</returns>
    public async Task<List<long>> DeleteAsync(List<DueRow> rows, int start, int count, CancellationToken cancellationToken)
    {
        Fill(CollectionsMarshal.AsSpan(rows).Slice(start, count));
        await using NpgsqlConnection connection = await connections.Sweep.OpenConnectionAsync(cancellationToken);
        await using var command = new NpgsqlCommand(SweepSql.Delete, connection)
        {
            Parameters =
            {
                new NpgsqlParameter<List<long>> { TypedValue = _ids, NpgsqlDbType = NpgsqlDbType.Array | NpgsqlDbType.Bigint },
                new NpgsqlParameter<List<long>> { TypedValue = _lastSeens, NpgsqlDbType = NpgsqlDbType.Array | NpgsqlDbType.TimestampTz },
            },
        };
        await command.PrepareAsync(cancellationToken);
        await using NpgsqlDataReader reader = await command.ExecuteReaderAsync(cancellationToken);
        // What was sent isn't needed once the server answers, so the list serves for the answer too.
        _ids.Clear();
        while (await reader.ReadAsync(cancellationToken))
            _ids.Add(reader.GetInt64(0));
        return _ids;
    }

    void Fill(ReadOnlySpan<DueRow> rows)
    {
        CollectionsMarshal.SetCount(_ids, rows.Length);
        CollectionsMarshal.SetCount(_lastSeens, rows.Length);
        for (int i = 0; i < rows.Length; i++)
        {
            _ids[i] = rows[i].Id;
            _lastSeens[i] = PostgresTime.From(rows[i].LastSeen);
        }
    }

    // PostgreSQL's -infinity, so that a row of any age is found, whoever wrote it.
    static long From(Instant from) => from == Instant.MinValue ? long.MinValue : PostgresTime.From(from);

    static NpgsqlParameter<long> Time(long microseconds) => new() { TypedValue = microseconds, NpgsqlDbType = NpgsqlDbType.TimestampTz };
}

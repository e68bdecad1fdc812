using System.Runtime.InteropServices;
using Callbacks.Time;
using Npgsql;
using NpgsqlTypes;

namespace Callbacks.Store;

/// <summary>
/// The rows of one statement: taken as states, sent as a list for each column. The lists are reused: Npgsql writes a
/// <see cref="List{T}"/> as it is, where an array would have to be allocated anew for each length.
/// </summary>
sealed class ObjectBatch
{
    readonly List<long> _ids = [];
    readonly List<bool> _onlines = [];
    readonly List<long> _lastSeens = [];

    public List<ObjectState> Rows { get; } = [];

    /// <summary>The smallest <c>last_seen</c> of the rows sent.</summary>
    public Instant Oldest { get; private set; }

    /// <summary>Sorts the rows by id, the order in which every statement locks.</summary>
    public void Bind(NpgsqlParameterCollection parameters)
    {
        Span<ObjectState> rows = CollectionsMarshal.AsSpan(Rows);
        rows.Sort(static (left, right) => left.Id.CompareTo(right.Id));
        CollectionsMarshal.SetCount(_ids, rows.Length);
        CollectionsMarshal.SetCount(_onlines, rows.Length);
        CollectionsMarshal.SetCount(_lastSeens, rows.Length);
        Span<long> ids = CollectionsMarshal.AsSpan(_ids);
        Span<bool> onlines = CollectionsMarshal.AsSpan(_onlines);
        Span<long> lastSeens = CollectionsMarshal.AsSpan(_lastSeens);
        Instant oldest = Instant.MaxValue;
        for (int i = 0; i < rows.Length; i++)
        {
            ids[i] = rows[i].Id;
            onlines[i] = rows[i].Online;
            lastSeens[i] = PostgresTime.From(rows[i].LastSeen);
            oldest = Instant.Min(oldest, rows[i].LastSeen);
        }

        Oldest = oldest;
        parameters.Add(new NpgsqlParameter<List<long>> { TypedValue = _ids, NpgsqlDbType = NpgsqlDbType.Array | NpgsqlDbType.Bigint });
        parameters.Add(new NpgsqlParameter<List<bool>> { TypedValue = _onlines, NpgsqlDbType = NpgsqlDbType.Array | NpgsqlDbType.Boolean });
        parameters.Add(new NpgsqlParameter<List<long>> { TypedValue = _lastSeens, NpgsqlDbType = NpgsqlDbType.Array | NpgsqlDbType.TimestampTz });
    }
}

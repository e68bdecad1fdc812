using Npgsql;

namespace Callbacks.Bench.Parts;

/// <summary>When rows of <c>objects</c> came and went, told by PostgreSQL itself, one statement at a time: cheap, and past the service.</summary>
static class Audit
{
    /// <summary>The table must be there. Unlogged tables, so that this adds nothing to what commits wait for.</summary>
    public const string Install = """
        create unlogged table bench_came (id bigint not null, last_seen timestamptz not null, at timestamptz not null);
        create unlogged table bench_gone (id bigint not null, last_seen timestamptz not null, at timestamptz not null);
        create function bench_came() returns trigger language plpgsql as $$ begin
          insert into bench_came select id, last_seen, clock_timestamp() from changed; return null; end $$;
        create function bench_gone() returns trigger language plpgsql as $$ begin
          insert into bench_gone select id, last_seen, clock_timestamp() from changed; return null; end $$;
        create trigger bench_came after insert on objects referencing new table as changed for each statement execute function bench_came();
        create trigger bench_gone after delete on objects referencing old table as changed for each statement execute function bench_gone();
        """;

    /// <summary>Milliseconds of each row that a query yields as its only column.</summary>
    public static async Task<List<double>> ReadAsync(string connectionString, string sql)
    {
        await using NpgsqlDataSource source = NpgsqlDataSource.Create(new NpgsqlConnectionStringBuilder(connectionString) { Pooling = false });
        await using NpgsqlCommand command = source.CreateCommand(sql);
        command.CommandTimeout = 0;
        await using NpgsqlDataReader reader = await command.ExecuteReaderAsync();
        var values = new List<double>();
        while (await reader.ReadAsync())
            values.Add(reader.GetDouble(0));
        return values;
    }
}

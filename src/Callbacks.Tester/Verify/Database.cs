using Callbacks.Tester.Records;
using Npgsql;
using NpgsqlTypes;

namespace Callbacks.Tester.Verify;

/// <summary>The table and its audit in PostgreSQL: all SQL of the tester.</summary>
static class Database
{
    /// <summary>
    /// Statement triggers with transition tables: one insert into the audit per statement, where a row trigger would run a function per
    /// row. An <c>INSERT ... ON CONFLICT DO UPDATE</c> fires both of its triggers, each with its own rows. A logged table, since an
    /// unlogged one is emptied when PostgreSQL comes back from an immediate stop. The row of kind <c>b</c> says since when changes are
    /// recorded. Installing again starts anew.
    /// </summary>
    const string InstallAudit = """
        drop table if exists objects_audit;
        create table objects_audit(
          seq bigint generated always as identity, at timestamptz not null, kind "char" not null, id bigint not null,
          old_online boolean, old_last_seen timestamptz, online boolean, last_seen timestamptz);
        grant insert on objects_audit to public;

        create or replace function objects_audit_insert() returns trigger language plpgsql as $$
        begin
          insert into objects_audit(at, kind, id, online, last_seen)
          select clock_timestamp(), 'i', id, online, last_seen from new_rows;
          return null;
        end $$;
        create or replace function objects_audit_update() returns trigger language plpgsql as $$
        begin
          insert into objects_audit(at, kind, id, old_online, old_last_seen, online, last_seen)
          select clock_timestamp(), 'u', id, o.online, o.last_seen, n.online, n.last_seen
          from new_rows n join old_rows o using (id);
          return null;
        end $$;
        create or replace function objects_audit_delete() returns trigger language plpgsql as $$
        begin
          insert into objects_audit(at, kind, id, old_online, old_last_seen)
          select clock_timestamp(), 'd', id, online, last_seen from old_rows;
          return null;
        end $$;

        create or replace trigger objects_audit_insert after insert on objects
          referencing new table as new_rows for each statement execute function objects_audit_insert();
        create or replace trigger objects_audit_update after update on objects
          referencing old table as old_rows new table as new_rows for each statement execute function objects_audit_update();
        create or replace trigger objects_audit_delete after delete on objects
          referencing old table as old_rows for each statement execute function objects_audit_delete();
        insert into objects_audit(at, kind, id) values (clock_timestamp(), 'b', 0);
        """;

    const string CopyAudit = """
        copy (select seq, at, kind::text, id, coalesce(old_online, false), coalesce(old_last_seen, 'epoch'), coalesce(online, false),
          coalesce(last_seen, 'epoch') from objects_audit) to stdout (format binary)
        """;

    const string CopyTable = "copy (select id, online, last_seen from objects) to stdout (format binary)";

    public static async Task InstallAuditAsync(string connectionString, CancellationToken cancelled)
    {
        await using var connection = new NpgsqlConnection(connectionString);
        await connection.OpenAsync(cancelled);
        await using var transaction = await connection.BeginTransactionAsync(cancelled);
        await using var command = new NpgsqlCommand(InstallAudit, connection, transaction);
        await command.ExecuteNonQueryAsync(cancelled);
        await transaction.CommitAsync(cancelled);
    }

    /// <summary>Table and audit from one snapshot, and the moment it was taken.</summary>
    public static async Task<Snapshot> ReadAsync(string connectionString, bool audit, CancellationToken cancelled)
    {
        await using var connection = new NpgsqlConnection(connectionString);
        await connection.OpenAsync(cancelled);
        await using var transaction = await connection.BeginTransactionAsync(System.Data.IsolationLevel.RepeatableRead, cancelled);
        // The first statement takes the snapshot; the clock is read before, since what came after is not in it.
        await using var clock = new NpgsqlCommand("select clock_timestamp()", connection, transaction);
        long readAt = Moment.From(new DateTimeOffset((DateTime)(await clock.ExecuteScalarAsync(cancelled))!));

        var rows = new List<TableRow>();
        await using (NpgsqlBinaryExporter table = await connection.BeginBinaryExportAsync(CopyTable, cancelled))
        {
            while (await table.StartRowAsync(cancelled) != -1)
                rows.Add(new TableRow(await LongAsync(table, cancelled), await BooleanAsync(table, cancelled), await MomentAsync(table, cancelled)));
        }

        return audit ? await ReadAuditAsync(connection, rows, readAt, cancelled) : new Snapshot([.. rows], null, 0, readAt);
    }

    static async Task<Snapshot> ReadAuditAsync(NpgsqlConnection connection, List<TableRow> rows, long readAt, CancellationToken cancelled)
    {
        long from = long.MaxValue;
        var changes = new List<Change>();
        await using NpgsqlBinaryExporter audit = await connection.BeginBinaryExportAsync(CopyAudit, cancelled);
        while (await audit.StartRowAsync(cancelled) != -1)
        {
            long sequence = await LongAsync(audit, cancelled);
            long at = await MomentAsync(audit, cancelled);
            string kind = await audit.ReadAsync<string>(NpgsqlDbType.Text, cancelled);
            var change = new Change(
                sequence, at, kind[0] switch { 'i' => ChangeKind.Insert, 'u' => ChangeKind.Update, _ => ChangeKind.Delete },
                await LongAsync(audit, cancelled),
                await BooleanAsync(audit, cancelled), await MomentAsync(audit, cancelled),
                await BooleanAsync(audit, cancelled), await MomentAsync(audit, cancelled));
            if (kind[0] == 'b')
                from = Math.Min(from, at);
            else
                changes.Add(change);
        }

        return new Snapshot([.. rows], [.. changes], from, readAt);
    }

    static ValueTask<long> LongAsync(NpgsqlBinaryExporter source, CancellationToken cancelled) =>
        source.ReadAsync<long>(NpgsqlDbType.Bigint, cancelled);

    static ValueTask<bool> BooleanAsync(NpgsqlBinaryExporter source, CancellationToken cancelled) =>
        source.ReadAsync<bool>(NpgsqlDbType.Boolean, cancelled);

    static async ValueTask<long> MomentAsync(NpgsqlBinaryExporter source, CancellationToken cancelled) =>
        Moment.From(new DateTimeOffset(await source.ReadAsync<DateTime>(NpgsqlDbType.TimestampTz, cancelled)));
}

/// <param name="Table">The rows.</param>
/// <param name="Changes">Null: not asked for.</param>
/// <param name="AuditFrom">Since when changes are recorded.</param>
/// <param name="ReadAt">When the snapshot was taken.</param>
sealed record Snapshot(TableRow[] Table, Change[]? Changes, long AuditFrom, long ReadAt);

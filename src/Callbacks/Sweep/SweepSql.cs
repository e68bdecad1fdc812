namespace Callbacks.Sweep;

/// <summary>What Sweep says to PostgreSQL; its sessions forbid every plan but the one along the index (<see cref="Store.StoreConnections"/>).</summary>
static class SweepSql
{
    /// <summary>
    /// The lower bound is what keeps this cheap: below it the index is full of entries that were deleted since the last vacuum.
    /// <c>with ties</c> because all ids of a callback share their time, and the next read starts behind it.
    /// </summary>
    public const string SelectDue = """
        select id, last_seen from objects
        where last_seen >= $1 and last_seen < $2
        order by last_seen fetch first $3 rows with ties
        """;

    public const string SelectNext = "select min(last_seen) from objects where last_seen >= $1";

    /// <summary>Of rows that were not deleted those that were not written again, either.</summary>
    public const string SelectUnchanged = """
        select o.id from objects o join unnest($1::bigint[], $2::timestamptz[]) as due (id, last_seen) on o.id = due.id and o.last_seen <= due.last_seen
        """;

    /// <summary>
    /// Spares a row that was written again after it was read, and one that somebody keeps locked: it waits for nobody, so that one row can't keep
    /// the others. It is tried again soon.
    /// </summary>
    public const string Delete = """
        with free as materialized (
            select o.id from objects o join unnest($1::bigint[], $2::timestamptz[]) as due (id, last_seen) on o.id = due.id and o.last_seen <= due.last_seen
            for update of o skip locked)
        delete from objects o using free where o.id = free.id
        returning o.id
        """;
}

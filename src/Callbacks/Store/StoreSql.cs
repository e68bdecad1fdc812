namespace Callbacks.Store;

/// <summary>What Store says to PostgreSQL. The schema is in <c>Migrations</c>.</summary>
static class StoreSql
{
    /// <summary>
    /// The newest <c>last_seen</c> wins, whatever the order of arrival, so a batch may be written any number of times. Rows come
    /// sorted by id: two writers, or a writer and a sweep, then lock in the same order and can't deadlock.
    /// </summary>
    public const string Upsert = """
        insert into objects as o (id, online, last_seen)
        select * from unnest($1::bigint[], $2::boolean[], $3::timestamptz[])
        on conflict (id) do update set online = excluded.online, last_seen = excluded.last_seen
        where o.last_seen < excluded.last_seen
        """;

    public const string SelectPage = """
        select id, online, last_seen from objects
        where id >= $1 and ($2::boolean is null or online = $2)
        order by id limit $3
        """;

    public const string SelectOne = "select id, online, last_seen from objects where id = $1";

    public const string CountOnline = "select count(*) from objects where online";

    public const string FindTables = "select to_regclass('objects') is not null, to_regclass('callback_migrations') is not null";

    /// <summary>
    /// What a migration and the service's statements need, without trying: the version, whether the server takes writes, where new tables
    /// would go and whether they may, and whether the table that is there may be used, and changed by a migration.
    /// </summary>
    public const string DescribeRights = """
        select current_setting('server_version'), not pg_is_in_recovery(), current_schema(),
            coalesce(has_schema_privilege(current_schema(), 'create'), false),
            (select has_table_privilege(oid, 'select') and has_table_privilege(oid, 'insert') and has_table_privilege(oid, 'update')
                and has_table_privilege(oid, 'delete') from pg_class where oid = to_regclass('objects')),
            (select pg_has_role(relowner, 'usage') from pg_class where oid = to_regclass('objects')),
            current_user
        """;

    public const string CreateMigrations = """
        create table if not exists callback_migrations (
            name text primary key,
            applied_at timestamptz not null default now()
        )
        """;

    public const string SelectMigrations = "select name from callback_migrations";

    public const string InsertMigration = "insert into callback_migrations (name) values ($1)";

    public const string DeleteMigrations = "delete from callback_migrations";

    /// <summary>The lock's key is any number that nobody else in this database uses.</summary>
    public const string LockMigrations = "select pg_advisory_lock(7021450913)";

    public const string UnlockMigrations = "select pg_advisory_unlock(7021450913)";
}

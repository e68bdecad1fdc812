-- Every migration may run again: `create ... if not exists`, and settings that are set to the same value.
create table if not exists objects (
    id bigint primary key,
    online boolean not null,
    last_seen timestamptz not null
);

-- The sweep reads in this order. One column, not (last_seen, id): the ids of a callback share their time, and a btree keeps
-- equal keys as one posting list, so that a row costs some 6 bytes here instead of 24.
create index if not exists objects_last_seen on objects (last_seen);

alter table objects set (
    -- Every row is replaced or deleted within one retention, so dead rows come as fast as live ones. A twentieth of the table
    -- keeps both indexes within a few percent of their live size ...
    autovacuum_vacuum_scale_factor = 0.05,
    autovacuum_vacuum_threshold = 5000,
    -- ... if a vacuum ends before the next is due: at the default pace of 2 ms a page group it doesn't under 10,000 rows/s.
    autovacuum_vacuum_cost_delay = 0,
    -- Inserts alone need no vacuum here: a row lives too short to be frozen.
    autovacuum_vacuum_insert_threshold = -1,
    -- The statements fix their plans, so statistics matter little.
    autovacuum_analyze_scale_factor = 0.5,
    -- Giving free pages at the end of the file back needs an exclusive lock, and the next second takes them again.
    vacuum_truncate = false
);

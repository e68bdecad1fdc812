using Callbacks.Fixtures;
using Callbacks.Store;
using Callbacks.Tests.Support;
using Callbacks.Time;
using Microsoft.Extensions.Logging;
using Npgsql;

namespace Callbacks.Tests.Store;

/// <summary>A database for each test: what is done to it here doesn't end with the test.</summary>
public sealed class StoreFaultTests
{
    static readonly Instant Noon = Instant.From(new DateTimeOffset(2026, 1, 1, 12, 0, 0, TimeSpan.Zero));
    static readonly ObjectState[] Two = [new(1, Online: true, Noon), new(2, Online: true, Noon)];

    [Fact]
    public async Task A_dropped_table_is_made_again_and_the_batch_is_stored()
    {
        await using var database = new TestDatabase(await PostgreSql.CreateDatabaseAsync());
        await using var rig = new WriterRig(database.ConnectionString);
        await rig.Writer.StartAsync(CancellationToken.None);
        rig.Source.Offer(new ObjectState(9, Online: true, Noon));
        await rig.UntilStoredAsync();

        await database.ExecuteAsync("drop table objects");
        rig.Source.Offer(Two);
        await rig.UntilStoredAsync();

        Assert.Equal(Two, await database.ReadRowsAsync());
        Assert.True(rig.Source.ReturnedBatches > 0);
        Assert.Equal(1L, await database.ReadAsync<long>("select count(*) from pg_indexes where indexname = 'objects_last_seen'"));
    }

    [Fact]
    public async Task A_deadlock_with_a_locker_in_opposite_order_is_waited_out()
    {
        await using var database = new TestDatabase(await PostgreSql.CreateDatabaseAsync());
        await using var rig = new WriterRig(database.ConnectionString, commandTimeoutSeconds: 25);
        await rig.WriteAsync(Two);
        await rig.Writer.StartAsync(CancellationToken.None);

        await using (NpgsqlConnection locker = await database.OpenAsync())
        await using (NpgsqlTransaction transaction = await locker.BeginTransactionAsync())
        {
            // The writer checks for a deadlock first, so it is the victim.
            await ExecuteAsync(locker, "set local deadlock_timeout = '1min'");
            await ExecuteAsync(locker, "select from objects where id = 2 for update");
            rig.Source.Offer(Two.Select(row => row with { LastSeen = Noon + TimeSpan.FromSeconds(1) }));
            await database.UntilSomebodyWaitsForALockAsync("callback writer");
            await ExecuteAsync(locker, "select from objects where id = 1 for update");
            await Wait.UntilAsync(() => rig.Source.ReturnedBatches > 0, "the batch is returned");
            Assert.Equal(0, rig.Log.Count(LogLevel.Warning));
            await transaction.CommitAsync();
        }

        await rig.UntilStoredAsync();
        Assert.All(await database.ReadRowsAsync(), row => Assert.Equal(Noon + TimeSpan.FromSeconds(1), row.LastSeen));
    }

    [Fact]
    public async Task One_row_that_somebody_keeps_locked_keeps_no_other_waiting()
    {
        const int Count = 200;
        await using var database = new TestDatabase(await PostgreSql.CreateDatabaseAsync());
        await using var rig = new WriterRig(database.ConnectionString, commandTimeoutSeconds: 1);
        ObjectState[] rows = [.. Enumerable.Range(1, Count).Select(id => new ObjectState(id, Online: true, Noon))];
        await rig.WriteAsync(rows);
        await rig.Writer.StartAsync(CancellationToken.None);
        await using (NpgsqlConnection locker = await database.OpenAsync())
        await using (NpgsqlTransaction transaction = await locker.BeginTransactionAsync())
        {
            await ExecuteAsync(locker, "select from objects where id = 5 for update");
            rig.Source.Offer(rows.Select(row => row with { LastSeen = Noon + TimeSpan.FromSeconds(1) }));
            await Wait.UntilAsync(
                async () => await database.ReadAsync<long>("select count(*) from objects where last_seen > '2026-01-01 12:00:00Z'") == Count - 1, "all others are stored");
            Assert.False(rig.Source.IsEmpty);
            await Wait.UntilAsync(() => rig.State.Health.RowError?.StartsWith("55P03", StringComparison.Ordinal) == true, "it is said that a row is locked");
            Assert.True(rig.State.Health.IsUp);
        }

        await rig.UntilStoredAsync();
        Assert.All(await database.ReadRowsAsync(), row => Assert.Equal(Noon + TimeSpan.FromSeconds(1), row.LastSeen));
    }

    [Fact]
    public async Task While_others_come_all_the_time_a_locked_row_keeps_neither_them_nor_those_that_came_with_it()
    {
        const int Count = 100, Locked = 50;
        await using var database = new TestDatabase(await PostgreSql.CreateDatabaseAsync());
        await using var rig = new WriterRig(database.ConnectionString, batchRowsMax: Count, commandTimeoutSeconds: 5);
        ObjectState[] rows = [.. Enumerable.Range(1, Count).Select(id => new ObjectState(id, Online: true, Noon))];
        await rig.WriteAsync(rows);
        await rig.Writer.StartAsync(CancellationToken.None);
        using var enough = new CancellationTokenSource();
        Task others = OfferOthersAsync();
        await using (NpgsqlConnection locker = await database.OpenAsync())
        await using (NpgsqlTransaction transaction = await locker.BeginTransactionAsync())
        {
            await ExecuteAsync(locker, $"select from objects where id = {Locked} for update");
            rig.Source.Offer(rows.Select(row => row with { LastSeen = Noon + TimeSpan.FromSeconds(1) }));
            await Wait.UntilAsync(
                async () => await database.ReadAsync<long>($"select count(*) from objects where id <= {Count} and last_seen > '2026-01-01 12:00:00Z'") == Count - 1,
                "all that came with it are stored");
            // A writer that waits for the locked row stores so many in no second, and a crowded machine stands still in some.
            long most = 0;
            for (int second = 0; second < 3 && most < Count; second++)
            {
                long before = await database.ReadAsync<long>("select count(*) from objects");
                await Task.Delay(TimeSpan.FromSeconds(1), TimeProvider.System);
                most = Math.Max(most, await database.ReadAsync<long>("select count(*) from objects") - before);
            }

            Assert.InRange(most, Count, long.MaxValue);
            Assert.True(rig.State.Health.IsUp);
            await enough.CancelAsync();
            await others;
        }

        await rig.UntilStoredAsync();

        async Task OfferOthersAsync()
        {
            for (int id = Count + 1; !enough.IsCancellationRequested; id += 6)
            {
                rig.Source.Offer(Enumerable.Range(id, 6).Select(one => new ObjectState(one, Online: true, Noon)));
                await Task.Delay(TimeSpan.FromMilliseconds(20), TimeProvider.System);
            }
        }
    }

    [Fact]
    public async Task One_row_that_the_server_refuses_keeps_no_other_waiting_and_fills_no_log()
    {
        const int Count = 200;
        await using var database = new TestDatabase(await PostgreSql.CreateDatabaseAsync());
        await using var rig = new WriterRig(database.ConnectionString);
        await rig.WriteAsync(Two);
        await database.ExecuteAsync("delete from objects; alter table objects add constraint no_five check (id <> 5)");
        await rig.Writer.StartAsync(CancellationToken.None);
        rig.Source.Offer(Enumerable.Range(1, Count).Select(id => new ObjectState(id, Online: true, Noon)));
        await Wait.UntilAsync(async () => await database.ReadAsync<long>("select count(*) from objects") == Count - 1, "all others are stored");
        await Wait.UntilAsync(() => rig.State.Health.RowError?.StartsWith("23514", StringComparison.Ordinal) == true, "it is said why the last one isn't");
        for (int more = 0; more < 50; more++)
        {
            rig.Source.Offer(new ObjectState(Count + 1 + more, Online: true, Noon));
            await Task.Delay(20, CancellationToken.None);
        }

        Assert.InRange(rig.Log.Count(LogLevel.Warning), 1, 4);
        await database.ExecuteAsync("alter table objects drop constraint no_five");
        await rig.UntilStoredAsync();
    }

    [Fact]
    public async Task A_serialization_failure_is_written_again_and_the_newest_wins()
    {
        await using var database = new TestDatabase(await PostgreSql.CreateDatabaseAsync());
        await database.ExecuteAsync($"alter database {await database.ReadAsync<string>("select current_database()")} set default_transaction_isolation = 'repeatable read'");
        await using var rig = new WriterRig(database.ConnectionString, commandTimeoutSeconds: 25);
        await rig.WriteAsync(Two);
        await rig.Writer.StartAsync(CancellationToken.None);
        ObjectState[] newer = [.. Two.Select(row => row with { LastSeen = Noon + TimeSpan.FromSeconds(1) })];
        ObjectState newest = Two[1] with { LastSeen = Noon + TimeSpan.FromSeconds(2) };

        await using (NpgsqlConnection other = await database.OpenAsync())
        await using (NpgsqlTransaction transaction = await other.BeginTransactionAsync(System.Data.IsolationLevel.ReadCommitted))
        {
            await ExecuteAsync(other, "update objects set last_seen = '2026-01-01 12:00:02Z' where id = 2");
            rig.Source.Offer(newer);
            await database.UntilSomebodyWaitsForALockAsync("callback writer");
            await transaction.CommitAsync();
        }

        await rig.UntilStoredAsync();
        Assert.Equal(1, rig.Source.ReturnedBatches);
        Assert.Equal([newer[0], newest], await database.ReadRowsAsync());
        Assert.Equal(0, rig.Log.Count(LogLevel.Warning));
    }

    [Fact]
    public async Task A_read_only_server_is_waited_out_with_one_line_when_it_begins_and_one_when_it_ends()
    {
        await using var database = new TestDatabase(await PostgreSql.CreateDatabaseAsync());
        await using var rig = new WriterRig(database.ConnectionString);
        string name = await OfferToReadOnlyServerAsync(database, rig);
        await Wait.UntilAsync(() => rig.Source.ReturnedBatches >= 3, "it was tried three times");
        StoreHealth down = rig.State.Health;
        Assert.False(down.IsUp);
        Assert.Equal("25006: cannot execute INSERT in a read-only transaction.", down.Error);

        await ExecuteOutsideAsync(database, $"begin read write; alter database {name} reset default_transaction_read_only; commit");
        await rig.UntilStoredAsync();
        await Wait.UntilAsync(() => rig.State.Health.IsUp, "the state says up");
        Assert.Equal(1, rig.Log.Count(LogLevel.Warning));
        Assert.True(rig.Log.Contains("takes rows again"));
    }

    [Fact]
    public async Task A_database_that_was_read_only_before_there_was_a_table_gets_one_when_it_takes_writes()
    {
        await using var database = new TestDatabase(await PostgreSql.CreateDatabaseAsync());
        string name = await database.ReadAsync<string>("select current_database()");
        await database.ExecuteAsync($"alter database {name} set default_transaction_read_only = on");
        await using var rig = new WriterRig(database.ConnectionString);
        rig.Source.Offer(Two);
        await rig.Writer.StartAsync(CancellationToken.None);
        await Wait.UntilAsync(() => rig.State.Health.Error?.StartsWith("25006", StringComparison.Ordinal) == true, "the state says why");

        await ExecuteOutsideAsync(database, $"begin read write; alter database {name} reset default_transaction_read_only; commit");
        await rig.UntilStoredAsync();
    }

    [Fact]
    public async Task What_was_refused_and_expires_leaves_no_server_away_that_answers()
    {
        await using var database = new TestDatabase(await PostgreSql.CreateDatabaseAsync());
        await using var rig = new WriterRig(database.ConnectionString);
        await OfferToReadOnlyServerAsync(database, rig);
        await Wait.UntilAsync(() => rig.Source.ReturnedBatches > 0 && !rig.State.Health.IsUp, "it was refused");

        rig.Source.Expire();
        await Wait.UntilAsync(() => rig.State.Health.IsUp, "the state says up");
    }

    [Fact]
    public async Task A_commit_whose_outcome_is_unknown_is_written_again_and_changes_nothing()
    {
        await using var database = new TestDatabase(await PostgreSql.CreateDatabaseAsync());
        var target = new NpgsqlConnectionStringBuilder(database.ConnectionString);
        await using var proxy = new CuttingProxy(target.Port);
        target.Host = "127.0.0.1";
        target.Port = proxy.Port;
        await using var rig = new WriterRig(target.ConnectionString);
        await rig.WriteAsync(new ObjectState(9, Online: true, Noon));

        // On a prepared statement only its name goes over the wire, so the cut is for whatever comes next.
        proxy.CutAnswerTo = "\0";
        rig.Source.Offer(Two);
        await Assert.ThrowsAnyAsync<NpgsqlException>(() => rig.Writer.RunOnceAsync(CancellationToken.None));
        Assert.Equal(1, proxy.Cuts);
        Assert.Equal(1, rig.Source.ReturnedBatches);
        await Wait.UntilAsync(async () => (await database.ReadRowsAsync()).Count == 3, "the server committed all the same");
        const string Versions = "select string_agg(xmin::text, ',' order by id) from objects";
        string before = await database.ReadAsync<string>(Versions);

        proxy.CutAnswerTo = null;
        await rig.Writer.RunOnceAsync(CancellationToken.None);
        Assert.True(rig.Source.IsEmpty);
        Assert.Equal(before, await database.ReadAsync<string>(Versions));
    }

    [Fact]
    public async Task A_slow_server_gets_fewer_batches_and_larger_ones()
    {
        const int Rows = 200;
        await using var database = new TestDatabase(await PostgreSql.CreateDatabaseAsync());
        var target = new NpgsqlConnectionStringBuilder(database.ConnectionString);
        await using var proxy = new CuttingProxy(target.Port);
        target.Host = "127.0.0.1";
        target.Port = proxy.Port;
        await using var rig = new WriterRig(target.ConnectionString, commandTimeoutSeconds: 20);
        await rig.WriteAsync(new ObjectState(Rows, Online: true, Noon));
        proxy.Delay = TimeSpan.FromMilliseconds(100);
        await rig.Writer.StartAsync(CancellationToken.None);

        for (int id = 0; id < Rows; id++)
        {
            rig.Source.Offer(new ObjectState(id, Online: true, Noon));
            await Task.Delay(2);
        }

        await rig.UntilStoredAsync();
        Assert.Equal(Rows + 1, (await database.ReadRowsAsync()).Count);
        Assert.InRange(rig.Source.StoredBatches, 2, Rows / 4);
        Assert.Equal(0, rig.Source.ReturnedBatches);
        Assert.True(rig.State.Health.IsUp);
    }

    [Fact]
    public async Task A_server_that_hangs_is_given_up_after_the_timeout_and_the_batch_written_again()
    {
        await using var database = new TestDatabase(await PostgreSql.CreateDatabaseAsync());
        var target = new NpgsqlConnectionStringBuilder(database.ConnectionString);
        await using var proxy = new CuttingProxy(target.Port);
        target.Host = "127.0.0.1";
        target.Port = proxy.Port;
        await using var rig = new WriterRig(target.ConnectionString, connectTimeoutSeconds: 1);
        await rig.WriteAsync(new ObjectState(9, Online: true, Noon));
        await rig.Writer.StartAsync(CancellationToken.None);

        proxy.Hangs = true;
        rig.Source.Offer(Two);
        await Wait.UntilAsync(() => rig.Source.ReturnedBatches > 0, "the batch is returned");
        Assert.False(rig.Source.IsEmpty);
        proxy.Hangs = false;
        await rig.UntilStoredAsync();
        Assert.Equal(3, (await database.ReadRowsAsync()).Count);
    }

    [Fact]
    public async Task A_batch_survives_an_immediate_stop_of_PostgreSQL()
    {
        await using TemporaryCluster temporary = await TemporaryCluster.StartAsync();
        await temporary.Cluster.CreateDatabaseAsync("callbacks");
        await using var rig = new WriterRig(temporary.Cluster.ConnectionString("callbacks"), commandTimeoutSeconds: 25);
        await rig.WriteAsync(Two[0]);
        await rig.Writer.StartAsync(CancellationToken.None);
        await using (var database = new TestDatabase(temporary.Cluster.ConnectionString("callbacks")))
        {
            // Holds the batch in the middle of its statement.
            NpgsqlConnection locker = await database.OpenAsync();
            await ExecuteAsync(locker, "begin; select from objects where id = 1 for update");
            rig.Source.Offer(Two.Select(row => row with { LastSeen = Noon + TimeSpan.FromSeconds(1) }));
            await database.UntilSomebodyWaitsForALockAsync("callback writer");
            await temporary.Cluster.StopImmediatelyAsync();
        }

        await Wait.UntilAsync(() => !rig.State.Health.IsUp, "the state says down");
        Assert.True(rig.Source.ReturnedBatches > 0);
        Assert.False(rig.Source.IsEmpty);
        await temporary.Cluster.StartAsync();
        long start = TimeProvider.System.GetTimestamp();
        await rig.UntilStoredAsync();
        Assert.InRange(TimeProvider.System.GetElapsedTime(start), TimeSpan.Zero, TimeSpan.FromSeconds(15));
        await using var after = new TestDatabase(temporary.Cluster.ConnectionString("callbacks"));
        Assert.All(await after.ReadRowsAsync(), row => Assert.Equal(Noon + TimeSpan.FromSeconds(1), row.LastSeen));
        Assert.Equal(1, rig.Log.Count(LogLevel.Warning));
    }

    [Fact]
    public async Task With_PostgreSQL_away_at_the_start_it_waits_and_says_when_it_is_there_though_nothing_is_to_be_stored()
    {
        await using TemporaryCluster temporary = await TemporaryCluster.StartAsync();
        await temporary.Cluster.StopAsync();
        await using var rig = new WriterRig(temporary.Cluster.ConnectionString("callbacks"));
        await rig.Writer.StartAsync(CancellationToken.None);
        await Wait.UntilAsync(() => rig.State.Health.Error!.Contains("refused", StringComparison.OrdinalIgnoreCase), "the state names the reason");

        await temporary.Cluster.StartAsync();
        await Wait.UntilAsync(() => rig.State.Health.Error!.StartsWith("3D000", StringComparison.Ordinal), "the state says that the database is missing");
        await temporary.Cluster.CreateDatabaseAsync("callbacks");
        await Wait.UntilAsync(() => rig.State.Health.IsUp, "the state says up");
        Assert.Equal(1, rig.Log.Count(LogLevel.Warning));
    }

    [Fact]
    public async Task A_stop_waits_for_a_batch_under_way_but_not_for_long()
    {
        await using var database = new TestDatabase(await PostgreSql.CreateDatabaseAsync());
        await using var rig = new WriterRig(database.ConnectionString, commandTimeoutSeconds: 60);
        await rig.WriteAsync(Two);
        await rig.Writer.StartAsync(CancellationToken.None);
        await using NpgsqlConnection locker = await database.OpenAsync();
        await ExecuteAsync(locker, "begin; select from objects where id = 2 for update");
        rig.Source.Offer(Two.Select(row => row with { LastSeen = Noon + TimeSpan.FromSeconds(1) }));
        await database.UntilSomebodyWaitsForALockAsync("callback writer");

        long start = TimeProvider.System.GetTimestamp();
        await rig.Writer.StopAsync(CancellationToken.None);
        // The statement's own timeout is longer, and so is the lock's: this is the stop's doing.
        Assert.InRange(TimeProvider.System.GetElapsedTime(start), TimeSpan.FromMilliseconds(900), TimeSpan.FromSeconds(8));
        Assert.Equal(1, rig.Source.ReturnedBatches);
    }

    /// <summary>The table is there, and nothing may be written to it. Returns the database's name.</summary>
    static async Task<string> OfferToReadOnlyServerAsync(TestDatabase database, WriterRig rig)
    {
        string name = await database.ReadAsync<string>("select current_database()");
        await rig.Migrator.ApplyAsync(rig.Connections.Sweep, TimeSpan.FromSeconds(30), CancellationToken.None);
        await database.ExecuteAsync($"alter database {name} set default_transaction_read_only = on");
        rig.Source.Offer(Two);
        await rig.Writer.StartAsync(CancellationToken.None);
        return name;
    }

    static async Task ExecuteAsync(NpgsqlConnection connection, string sql)
    {
        await using var command = new NpgsqlCommand(sql, connection);
        await command.ExecuteNonQueryAsync();
    }

    static async Task ExecuteOutsideAsync(TestDatabase database, string sql)
    {
        await using NpgsqlConnection connection = await database.OpenAsync();
        foreach (string statement in sql.Split(';'))
            await ExecuteAsync(connection, statement);
    }
}

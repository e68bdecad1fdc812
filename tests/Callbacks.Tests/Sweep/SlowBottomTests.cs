using Callbacks.Store;
using Callbacks.Tests.Support;
using Npgsql;

namespace Callbacks.Tests.Sweep;

/// <summary>
/// The bottom of the index takes longer to read than a statement may, as with millions of entries that a transaction of long ago keeps from being
/// removed: here because a row there takes that long.
/// </summary>
public sealed class SlowBottomTests : IAsyncLifetime
{
    const long SlowId = 666;
    static readonly TimeSpan Retention = TimeSpan.FromSeconds(30);
    static readonly TimeSpan Second = TimeSpan.FromSeconds(1);

    readonly FakeTimeProvider _clock = new();
    SweepRig _rig = null!;

    public async ValueTask InitializeAsync() => _rig = await SweepRig.StartAsync(_clock, commandTimeout: Second);

    public ValueTask DisposeAsync() => _rig.DisposeAsync();

    [Fact]
    public async Task Rows_go_in_time_while_no_full_pass_succeeds_and_what_others_wrote_when_one_does()
    {
        await _rig.SweepAsync();
        await _rig.StoreAsync(Row(1));
        await SlowDownAsync();

        for (int second = 0; second < 31; second++)
            await SweepAfterAsync(Second);
        Assert.Equal([SlowId], await ReadIdsAsync());

        // Full passes fail, and there are few of them.
        int failures = 0;
        for (int second = 0; second < 120; second++)
        {
            if (second % 10 == 0)
                await _rig.StoreAsync(Row(second + 2));
            failures += await SweepAfterAsync(Second);
        }

        Assert.InRange(failures, 1, 6);
        Assert.Equal([92, 102, 112, SlowId], await ReadIdsAsync());

        await SpeedUpAsync();
        for (int minute = 0; minute < 6; minute++)
            await SweepAfterAsync(TimeSpan.FromMinutes(1));
        Assert.Empty(await _rig.Database.ReadIdsAsync());
        Assert.Equal(14, _rig.State.Health.RowsSwept);
    }

    [Fact]
    public async Task A_row_that_somebody_keeps_locked_meanwhile_keeps_no_other_and_goes_when_it_is_free()
    {
        await _rig.SweepAsync();
        await _rig.StoreAsync(Row(1));
        await SweepAfterAsync(Second);
        await _rig.StoreAsync(Row(2));
        await MakeSlowRowsPossibleAsync();
        await using (NpgsqlConnection locker = await _rig.Database.OpenAsync())
        await using (NpgsqlTransaction transaction = await locker.BeginTransactionAsync())
        {
            await using var lockRow = new NpgsqlCommand("select from objects where id = 1 for update", locker);
            await lockRow.ExecuteNonQueryAsync();
            await SweepAfterAsync(Retention);
            await AddSlowRowAsync(age: Retention + Second / 2);
            await SweepAfterAsync(Second);
            Assert.Equal([1, SlowId], await ReadIdsAsync());
        }

        await SweepAfterAsync(Second);
        Assert.Equal([SlowId], await ReadIdsAsync());
    }

    [Fact]
    public async Task Rows_whose_deletion_failed_go_when_it_succeeds_though_the_bottom_can_not_be_read()
    {
        await _rig.SweepAsync();
        await _rig.StoreAsync(Row(1));
        await MakeSlowRowsPossibleAsync();
        await SweepAfterAsync(Retention);
        await using (NpgsqlConnection locker = await _rig.Database.OpenAsync())
        await using (NpgsqlTransaction transaction = await locker.BeginTransactionAsync())
        {
            // It may be read, and not deleted.
            await using var lockTable = new NpgsqlCommand("lock table objects_there in exclusive mode", locker);
            await lockTable.ExecuteNonQueryAsync();
            _clock.Advance(Second);
            for (int time = 0; time < 2; time++)
                await Assert.ThrowsAsync<PostgresException>(() => _rig.Sweeper.RunOnceAsync(CancellationToken.None));
            Assert.Equal([1], await ReadIdsAsync());
        }

        await AddSlowRowAsync(age: Retention + Second / 2);
        await SweepAfterAsync(Second);
        Assert.Equal([SlowId], await ReadIdsAsync());
    }

    [Fact]
    public async Task At_a_start_the_rows_that_run_out_from_then_on_go_in_time()
    {
        await SlowDownAsync();
        await _rig.StoreAsync(Row(1));
        Assert.Equal(1, await SweepAfterAsync(Second));
        await SweepAfterAsync(Retention);
        Assert.Equal([SlowId], await ReadIdsAsync());
    }

    [Fact]
    public async Task At_a_start_with_the_table_locked_old_rows_go_when_it_is_free()
    {
        await _rig.Database.InsertAsync(Row(1) with { LastSeen = _rig.Time.Now - TimeSpan.FromHours(1) });
        await using (NpgsqlConnection locker = await _rig.Database.OpenAsync())
        await using (NpgsqlTransaction transaction = await locker.BeginTransactionAsync())
        {
            await using var lockTable = new NpgsqlCommand("lock table objects in access exclusive mode", locker);
            await lockTable.ExecuteNonQueryAsync();
            for (int time = 0; time < 2; time++)
            {
                _clock.Advance(Second);
                await Assert.ThrowsAsync<PostgresException>(() => _rig.Sweeper.RunOnceAsync(CancellationToken.None));
            }
        }

        Assert.Equal(0, await SweepAfterAsync(Second));
        Assert.Empty(await _rig.Database.ReadIdsAsync());
    }

    ObjectState Row(long id) => new(id, Online: true, _rig.Time.Now);

    async Task SlowDownAsync()
    {
        await MakeSlowRowsPossibleAsync();
        await AddSlowRowAsync(age: TimeSpan.FromHours(1));
    }

    /// <summary>Whoever reads the slow row waits for longer than a statement may take.</summary>
    Task MakeSlowRowsPossibleAsync() => _rig.Database.ExecuteAsync(
        $"""
        alter table objects rename to objects_there;
        create view objects as select id, online, last_seen from objects_there where id <> {SlowId} or pg_sleep(20) is not null
        """);

    /// <summary>By somebody else.</summary>
    Task AddSlowRowAsync(TimeSpan age) => _rig.Database.InsertAsync(new ObjectState(SlowId, Online: true, _rig.Time.Now - age));

    async Task<List<long>> ReadIdsAsync() => [.. await _rig.Database.ReadAsync<long[]>("select coalesce(array_agg(id order by id), '{}') from objects_there")];

    Task SpeedUpAsync() => _rig.Database.ExecuteAsync("drop view objects; alter table objects_there rename to objects");

    /// <summary>Returns how many passes failed, each of which is followed by another.</summary>
    async Task<int> SweepAfterAsync(TimeSpan time)
    {
        _clock.Advance(time);
        for (int failures = 0; ; failures++)
        {
            try
            {
                await _rig.SweepAsync();
                return failures;
            }
            catch (PostgresException e) when (e.SqlState == PostgresErrorCodes.QueryCanceled && failures < 3)
            {
            }
        }
    }
}

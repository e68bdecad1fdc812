using Callbacks.Store;
using Callbacks.Sweep;
using Callbacks.Tests.Support;
using Callbacks.Time;
using Npgsql;

namespace Callbacks.Tests.Sweep;

/// <summary>Pass by pass, in time that the tests move.</summary>
public sealed class ObjectSweeperTests : IAsyncLifetime
{
    static readonly TimeSpan Retention = TimeSpan.FromSeconds(30);
    static readonly TimeSpan Microsecond = TimeSpan.FromMicroseconds(1);

    readonly FakeTimeProvider _clock = new();
    SweepRig _rig = null!;

    public async ValueTask InitializeAsync() => _rig = await SweepRig.StartAsync(_clock);

    public ValueTask DisposeAsync() => _rig.DisposeAsync();

    [Fact]
    public async Task A_row_goes_as_soon_as_its_retention_is_over_and_not_before()
    {
        await _rig.StoreAsync(Row(1));
        _clock.Advance(Retention);
        await _rig.SweepAsync();
        Assert.Equal([1], await _rig.Database.ReadIdsAsync());

        _clock.Advance(Microsecond);
        await _rig.SweepAsync();
        Assert.Empty(await _rig.Database.ReadIdsAsync());
        Assert.Equal(1, _rig.State.Health.RowsSwept);
        Assert.Equal([Microsecond], _rig.Latenesses);
    }

    [Fact]
    public async Task A_row_that_somebody_keeps_locked_keeps_no_other_and_goes_when_it_is_free()
    {
        await _rig.StoreAsync(Row(1), Row(2), Row(3));
        _clock.Advance(Retention + Microsecond);
        await using (NpgsqlConnection locker = await _rig.Database.OpenAsync())
        await using (NpgsqlTransaction transaction = await locker.BeginTransactionAsync())
        {
            await using var lockRow = new NpgsqlCommand("select from objects where id = 2 for update", locker);
            await lockRow.ExecuteNonQueryAsync();
            await _rig.SweepAsync();
            Assert.Equal([2], await _rig.Database.ReadIdsAsync());
        }

        _clock.Advance(TimeSpan.FromMilliseconds(250));
        await _rig.SweepAsync();
        Assert.Empty(await _rig.Database.ReadIdsAsync());
        Assert.Equal(3, _rig.State.Health.RowsSwept);
    }

    [Fact]
    public async Task It_wants_to_be_called_when_the_oldest_row_runs_out()
    {
        await _rig.StoreAsync(Row(1), Row(2, TimeSpan.FromSeconds(-29.5)));
        Assert.Equal(TimeSpan.FromMilliseconds(501), await _rig.Sweeper.RunOnceAsync(CancellationToken.None));
    }

    [Fact]
    public async Task A_journal_that_lags_behind_puts_no_row_off_for_longer_than_it_lags()
    {
        await _rig.StoreAsync(Row(1), Row(2, TimeSpan.FromSeconds(-28)));
        Instant readUpTo = _rig.Time.Now;
        _clock.Advance(TimeSpan.FromSeconds(1.5));
        // As after a pause, when the disk has not taken yet what had come before it.
        _rig.Coverage.ReadUpToOverride = readUpTo;
        Assert.Equal(TimeSpan.FromMilliseconds(501), await _rig.Sweeper.RunOnceAsync(CancellationToken.None));

        _clock.Advance(TimeSpan.FromSeconds(1));
        Assert.InRange(await _rig.Sweeper.RunOnceAsync(CancellationToken.None), TimeSpan.FromMilliseconds(1), TimeSpan.FromMilliseconds(50));
        _rig.Coverage.ReadUpToOverride = null;
        await _rig.SweepAsync();
        Assert.Equal([1], await _rig.Database.ReadIdsAsync());
    }

    [Fact]
    public async Task A_pass_that_took_long_is_no_part_of_the_wait_for_the_next()
    {
        await _rig.StoreAsync(Row(1, TimeSpan.FromSeconds(-31)), Row(2, TimeSpan.FromSeconds(-28)));
        _rig.Coverage.OnAsked = () => _clock.Advance(TimeSpan.FromSeconds(1.5));
        Assert.Equal(TimeSpan.FromMilliseconds(501), await _rig.Sweeper.RunOnceAsync(CancellationToken.None));
    }

    [Fact]
    public async Task A_covered_row_stays_and_goes_when_it_is_not_covered_any_more()
    {
        await _rig.StoreAsync(Row(1), Row(2));
        _rig.Coverage.Add(1);
        _clock.Advance(Retention + Microsecond);
        await _rig.SweepAsync();
        Assert.Equal([1], await _rig.Database.ReadIdsAsync());
        Assert.Equal(1, _rig.State.Health.RowsHeld);

        _clock.Advance(TimeSpan.FromSeconds(2));
        await _rig.SweepAsync();
        Assert.Equal([1], await _rig.Database.ReadIdsAsync());

        _rig.Coverage.Remove(1);
        _clock.Advance(TimeSpan.FromMilliseconds(40));
        await _rig.SweepAsync();
        Assert.Empty(await _rig.Database.ReadIdsAsync());
        // Late by no more than the time since it was last found covered.
        Assert.Equal(TimeSpan.FromMilliseconds(40), _rig.State.Health.LastLateness);
        Assert.Equal(0, _rig.State.Health.RowsHeld);
    }

    [Fact]
    public async Task A_row_that_was_held_twice_keeps_no_other()
    {
        Instant start = _rig.Time.Now;
        await _rig.StoreAsync(Row(1), Row(2, TimeSpan.FromSeconds(3)));
        _rig.Coverage.Add(1);
        _clock.Advance(Retention + TimeSpan.FromSeconds(1));
        await _rig.SweepAsync();
        // Another answer is written late, and this row runs out as well while a callback keeps it.
        await _rig.Database.ExecuteAsync("update objects set last_seen = last_seen + interval '1.5 s' where id = 1");
        _rig.Commits.Committed(start + TimeSpan.FromSeconds(1.5));
        _clock.Advance(TimeSpan.FromSeconds(1));
        await _rig.SweepAsync();
        Assert.Equal(2, _rig.State.Health.RowsHeld);

        _rig.Coverage.Remove(1);
        foreach (int milliseconds in (int[])[100, 300, 601])
        {
            _clock.Advance(TimeSpan.FromMilliseconds(milliseconds));
            await _rig.SweepAsync();
        }

        Assert.Empty(await _rig.Database.ReadIdsAsync());
    }

    [Fact]
    public async Task Coverage_is_asked_for_what_was_received_within_the_retention()
    {
        await _rig.StoreAsync(Row(1));
        _clock.Advance(Retention + TimeSpan.FromSeconds(3));
        _rig.Coverage.ReadUpToOverride = _rig.Time.Now - TimeSpan.FromSeconds(1);
        await _rig.SweepAsync();
        Assert.Equal([_rig.Time.Now - TimeSpan.FromSeconds(31)], _rig.Coverage.Since);
    }

    [Fact]
    public async Task What_the_journal_has_not_read_yet_covers_every_row()
    {
        await _rig.StoreAsync(Row(1));
        Instant readUpTo = _rig.Time.Now + TimeSpan.FromSeconds(29);
        _clock.Advance(Retention + TimeSpan.FromSeconds(5));
        _rig.Coverage.ReadUpToOverride = readUpTo;
        await _rig.SweepAsync();
        Assert.Equal([1], await _rig.Database.ReadIdsAsync());

        _rig.Coverage.ReadUpToOverride = readUpTo + TimeSpan.FromSeconds(1) + Microsecond;
        await _rig.SweepAsync();
        Assert.Empty(await _rig.Database.ReadIdsAsync());
    }

    [Fact]
    public async Task While_the_journal_recovers_nothing_goes()
    {
        await _rig.StoreAsync(Row(1));
        _clock.Advance(Retention + TimeSpan.FromSeconds(5));
        _rig.Coverage.ReadUpToOverride = Instant.MinValue;
        await _rig.SweepAsync();
        Assert.Equal([1], await _rig.Database.ReadIdsAsync());

        _rig.Coverage.ReadUpToOverride = null;
        await _rig.SweepAsync();
        Assert.Empty(await _rig.Database.ReadIdsAsync());
        // It could not go earlier, so it isn't late.
        Assert.Equal([TimeSpan.Zero], _rig.Latenesses);
    }

    [Fact]
    public async Task After_a_step_of_service_time_nothing_goes_for_one_retention()
    {
        await _rig.StoreAsync(Row(1));
        await _rig.SweepAsync();
        _clock.SetWallClock(_clock.GetUtcNow() + TimeSpan.FromHours(1));
        await _rig.SweepAsync();
        Assert.Equal([1], await _rig.Database.ReadIdsAsync());

        _clock.Advance(Retention - Microsecond);
        await _rig.SweepAsync();
        Assert.Equal([1], await _rig.Database.ReadIdsAsync());

        _clock.Advance(Microsecond);
        await _rig.SweepAsync();
        Assert.Empty(await _rig.Database.ReadIdsAsync());
    }

    [Fact]
    public async Task A_wall_clock_that_is_set_back_changes_nothing()
    {
        await _rig.StoreAsync(Row(1));
        _clock.SetWallClock(_clock.GetUtcNow() - TimeSpan.FromHours(1));
        _clock.Advance(Retention + Microsecond);
        await _rig.SweepAsync();
        Assert.Empty(await _rig.Database.ReadIdsAsync());
    }

    [Fact]
    public async Task A_row_that_is_written_again_between_reading_and_deleting_stays()
    {
        ObjectState old = Row(1);
        await _rig.StoreAsync(old, Row(2));
        _clock.Advance(Retention + Microsecond);
        _rig.Coverage.OnAsked = () =>
        {
            _rig.Coverage.OnAsked = null;
            _rig.StoreAsync(old with { LastSeen = _rig.Time.Now }).GetAwaiter().GetResult();
        };
        await _rig.SweepAsync();
        Assert.Equal([1], await _rig.Database.ReadIdsAsync());
        Assert.Equal(1, _rig.State.Health.RowsSwept);
    }

    [Fact]
    public async Task A_held_row_that_is_written_again_stays_when_its_callback_has_settled()
    {
        ObjectState old = Row(1);
        await _rig.StoreAsync(old);
        _rig.Coverage.Add(1);
        _clock.Advance(Retention + TimeSpan.FromSeconds(1));
        await _rig.SweepAsync();
        await _rig.StoreAsync(old with { LastSeen = _rig.Time.Now });
        _rig.Coverage.Remove(1);
        await _rig.SweepAsync();
        Assert.Equal([1], await _rig.Database.ReadIdsAsync());
    }

    [Fact]
    public async Task A_row_stored_behind_what_was_read_goes_at_the_next_pass()
    {
        _clock.Advance(Retention * 2);
        await _rig.StoreAsync(Row(1, -Retention));
        await _rig.SweepAsync();
        _clock.Advance(TimeSpan.FromMilliseconds(1));
        await _rig.SweepAsync();
        Assert.Empty(await _rig.Database.ReadIdsAsync());

        await _rig.StoreAsync(Row(2, -Retention - TimeSpan.FromSeconds(1)));
        await _rig.SweepAsync();
        Assert.Empty(await _rig.Database.ReadIdsAsync());
    }

    [Fact]
    public async Task A_row_that_another_instance_stored_behind_what_was_read_goes_within_five_seconds()
    {
        await _rig.StoreAsync(Row(1, -Retention - TimeSpan.FromSeconds(1)));
        await _rig.SweepAsync();

        await _rig.Database.InsertAsync(Row(2, -Retention - TimeSpan.FromSeconds(2)));
        await _rig.SweepAsync();
        // What was read isn't read again at every pass: that is what keeps passes cheap.
        Assert.Equal([2], await _rig.Database.ReadIdsAsync());

        _clock.Advance(TimeSpan.FromSeconds(5));
        await _rig.SweepAsync();
        Assert.Empty(await _rig.Database.ReadIdsAsync());
    }

    [Fact]
    public async Task A_row_of_any_age_goes()
    {
        await _rig.Database.ExecuteAsync("insert into objects values (1, true, '-infinity'), (2, true, '4000-01-01 BC'), (3, true, '1969-01-01'), (4, true, 'infinity')");
        await _rig.SweepAsync();
        Assert.Equal(4L, await _rig.Database.ReadAsync<long>("select sum(id)::bigint from objects"));
    }

    [Fact]
    public async Task More_rows_of_one_moment_than_a_statement_takes_go_whole()
    {
        Instant seen = _rig.Time.Now;
        await _rig.StoreAsync([.. Enumerable.Range(0, 12_000).Select(id => new ObjectState(id, true, seen))]);
        await _rig.StoreAsync([.. Enumerable.Range(12_000, 130_000).Select(id => new ObjectState(id, true, seen + TimeSpan.FromMicroseconds(id / 10)))]);
        await _rig.StoreAsync(Row(1_000_000, TimeSpan.FromSeconds(10)));
        _rig.Coverage.Add(5, 11_999, 12_000, 141_999);
        _clock.Advance(Retention + TimeSpan.FromSeconds(1));
        await _rig.SweepAsync();
        Assert.Equal([5, 11_999, 12_000, 141_999, 1_000_000], await _rig.Database.ReadIdsAsync());
    }

    [Fact]
    public async Task Without_room_for_held_rows_it_reads_them_again()
    {
        await using SweepRig rig = await SweepRig.StartAsync(_clock, new SweepOptions { HeldRowsMax = 2 });
        await rig.StoreAsync([.. Enumerable.Range(0, 6).Select(id => new ObjectState(id, true, rig.Time.Now + TimeSpan.FromMicroseconds(id)))]);
        rig.Coverage.Add(0, 1, 2, 3, 4);
        _clock.Advance(Retention + TimeSpan.FromSeconds(1));
        await rig.SweepAsync();
        Assert.Equal([0, 1, 2, 3, 4], await rig.Database.ReadIdsAsync());
        Assert.Equal(2, rig.State.Health.RowsHeld);

        rig.Coverage.Remove(0, 3, 4);
        _clock.Advance(TimeSpan.FromMilliseconds(250));
        await rig.SweepAsync();
        Assert.Equal([1, 2], await rig.Database.ReadIdsAsync());
    }

    [Fact]
    public async Task A_row_that_is_held_stays_when_it_is_read_again_though_only_who_asked_before_knows_that_it_is_covered()
    {
        await _rig.StoreAsync(Row(1), Row(2));
        _rig.Coverage.Add(1, 2);
        _clock.Advance(Retention + TimeSpan.FromSeconds(1));
        await _rig.SweepAsync();
        Assert.Equal(2, _rig.State.Health.RowsHeld);

        _rig.Coverage.Remove(1, 2);
        _rig.Coverage.AddIfCoveredBefore(1);
        _clock.Advance(TimeSpan.FromSeconds(6));
        await _rig.SweepAsync();
        await _rig.SweepAsync();
        Assert.Equal([1], await _rig.Database.ReadIdsAsync());
        Assert.Equal(1, _rig.State.Health.RowsHeld);
    }

    [Fact]
    public async Task A_pass_that_fails_leaves_nothing_behind()
    {
        await _rig.StoreAsync(Row(1), Row(2));
        _rig.Coverage.Add(1);
        _clock.Advance(Retention + TimeSpan.FromSeconds(1));
        await _rig.Database.ExecuteAsync("alter table objects rename to hidden");
        await Assert.ThrowsAsync<PostgresException>(_rig.SweepAsync);
        await _rig.Database.ExecuteAsync("alter table hidden rename to objects");
        await _rig.SweepAsync();
        Assert.Equal([1], await _rig.Database.ReadIdsAsync());

        // This time the delete fails, after the rows were read.
        _rig.Coverage.Remove(1);
        await _rig.Database.ExecuteAsync("create function fail() returns trigger language plpgsql as $$ begin raise 'no'; end $$; create trigger fail before delete on objects execute function fail()");
        await Assert.ThrowsAsync<PostgresException>(_rig.SweepAsync);
        await _rig.Database.ExecuteAsync("drop trigger fail on objects");
        await _rig.SweepAsync();
        Assert.Empty(await _rig.Database.ReadIdsAsync());
    }

    [Fact]
    public async Task Two_instances_sweep_one_table()
    {
        await using SweepTwin twin = SweepTwin.Of(_rig, _clock);
        await _rig.StoreAsync([.. Enumerable.Range(0, 20_000).Select(id => Row(id))]);
        _clock.Advance(Retention + TimeSpan.FromSeconds(1));
        await Task.WhenAll(_rig.SweepAsync(), twin.SweepAsync());
        Assert.Empty(await _rig.Database.ReadIdsAsync());
        Assert.Equal(20_000, _rig.State.Health.RowsSwept + twin.State.Health.RowsSwept);
    }

    ObjectState Row(long id, TimeSpan fromNow = default) => new(id, Online: true, _rig.Time.Now + fromNow);
}

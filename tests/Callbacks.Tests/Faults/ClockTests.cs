using Callbacks.Fixtures;
using Callbacks.Store;
using Callbacks.Tests.Journal;
using Callbacks.Tests.Store;
using Callbacks.Tests.Support;
using Callbacks.Time;

namespace Callbacks.Tests.Faults;

/// <summary>Somebody sets the wall clock, while the service runs and while it is down. Row 2 is always stored before that.</summary>
public sealed class ClockTests : IAsyncLifetime
{
    static readonly TimeSpan Second = TimeSpan.FromSeconds(1);
    static readonly TimeSpan Hour = TimeSpan.FromHours(1);

    readonly FakeTimeProvider _clock = new();
    readonly SimulatedDisk _disk = new();
    TestDatabase _database = null!;
    StagesRig _stages = null!;
    Instant _first;

    public async ValueTask InitializeAsync()
    {
        _database = new TestDatabase(await PostgreSql.CreateDatabaseAsync());
        _stages = new StagesRig(_disk, _database.ConnectionString, _clock);
        _first = await _stages.ReceiveAsync(2);
        await _stages.AnswerAsync();
        await _stages.StoreAsync();
        await _stages.UntilSettledAsync();
    }

    public async ValueTask DisposeAsync()
    {
        await _stages.DisposeAsync();
        await _database.DisposeAsync();
    }

    [Fact]
    public async Task Set_back_an_hour_while_running_receive_times_ascend_and_rows_go_as_if_nothing_had_been()
    {
        SetClock(-Hour);
        Instant second = await _stages.ReceiveAsync(4);
        Assert.InRange(second - _first, TimeSpan.FromMicroseconds(1), Second);
        Assert.True(_stages.Time.IsDegraded);
        await _stages.AnswerAsync();
        await _stages.StoreAsync();
        await RowsGoAsync(2, 4);
    }

    [Fact]
    public async Task Set_back_an_hour_across_a_restart_receive_times_ascend_and_rows_go_as_if_nothing_had_been()
    {
        Instant second = await _stages.ReceiveAsync(4);
        await RestartAsync(-Hour);
        Assert.True(_stages.Time.IsDegraded);
        Assert.True(await _stages.ReceiveAsync(6) > second);
        await _stages.AnswerAsync();
        await _stages.StoreAsync();
        Assert.Contains(new ObjectState(4, Online: true, second), await _database.ReadRowsAsync());
        await RowsGoAsync(2, 4, 6);
        Assert.Equal(0, _stages.Books.Outcomes.Expired);
    }

    [Theory]
    [InlineData(3_600)]
    [InlineData(10)]
    public async Task Ahead_while_running_or_after_a_suspension_nothing_goes_for_one_retention_and_callbacks_of_that_time_save_their_rows(int seconds)
    {
        await _stages.ReceiveAsync(8);
        SetClock(seconds * Second);
        await _stages.SweepAsync();
        Assert.Equal([2], await _database.ReadIdsAsync());

        // What would have run out by the new time is saved by its next callback.
        _clock.Advance(StagesRig.Retention - Second);
        await _stages.SweepAsync();
        Assert.Equal([2], await _database.ReadIdsAsync());
        Instant again = await _stages.ReceiveAsync(2);
        Assert.InRange(again - _first, seconds * Second, (seconds + 31) * Second);
        await _stages.AnswerAsync();
        await _stages.StoreAsync();
        _clock.Advance(2 * Second);
        await _stages.SweepAsync();
        Assert.Contains(new ObjectState(2, Online: true, again), await _database.ReadRowsAsync());
        Assert.False(_stages.Time.IsDegraded);
    }

    [Fact]
    public async Task Ahead_an_hour_across_a_restart_is_an_hour_of_being_down_and_time_runs_on_when_it_is_set_right()
    {
        await _stages.ReceiveAsync(4, 6);
        await RestartAsync(Hour);
        await Wait.UntilAsync(() => _stages.Books.Outcomes.Expired == 2, "what was pending expires");
        await _stages.SweepAsync();
        Assert.Empty(await _database.ReadIdsAsync());
        Instant ahead = await _stages.ReceiveAsync(8);
        Assert.InRange(ahead - _first, Hour, Hour + Second);
        await _stages.AnswerAsync();
        await _stages.StoreAsync();

        await RestartAsync(-Hour);
        Assert.True(_stages.Time.IsDegraded);
        // The life before stored it, and ended before it was settled.
        await _stages.AnswerAsync();
        await _stages.StoreAsync();
        await RowsGoAsync(8);
        Assert.True(await _stages.ReceiveAsync(8) > ahead + StagesRig.Retention);
    }

    void SetClock(TimeSpan by) => _clock.SetWallClock(_clock.GetUtcNow() + by);

    async Task RestartAsync(TimeSpan clockMoves)
    {
        await _stages.DisposeAsync();
        SetClock(clockMoves);
        _stages = new StagesRig(_disk, _database.ConnectionString, _clock);
    }

    /// <summary>These rows, which were seen within the last two seconds, are there for a retention and no longer.</summary>
    async Task RowsGoAsync(params long[] ids)
    {
        await _stages.UntilSettledAsync();
        _clock.Advance(StagesRig.Retention - 2 * Second);
        await _stages.SweepAsync();
        Assert.Equal(ids, await _database.ReadIdsAsync());
        _clock.Advance(2 * Second);
        await _stages.SweepAsync();
        Assert.Empty(await _database.ReadIdsAsync());
    }
}

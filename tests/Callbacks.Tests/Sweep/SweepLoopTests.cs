using Callbacks.Store;
using Callbacks.Sweep;
using Callbacks.Tests.Support;
using Microsoft.Extensions.Logging;

namespace Callbacks.Tests.Sweep;

/// <summary>The loop, in real time.</summary>
public sealed class SweepLoopTests
{
    static readonly TimeSpan Second = TimeSpan.FromSeconds(1);

    [Fact]
    public async Task A_row_stored_into_an_empty_table_goes_in_time_though_the_loop_sleeps()
    {
        await using SweepRig rig = await SweepRig.StartAsync(TimeProvider.System, new SweepOptions { Retention = TimeSpan.FromSeconds(1) });
        await rig.Sweeper.StartAsync(CancellationToken.None);
        for (int id = 0; id < 10; id++)
        {
            await rig.StoreAsync(new ObjectState(id, Online: true, rig.Time.Now));
            await Wait.UntilAsync(() => rig.State.Health.RowsSwept == id + 1, "the row is swept");
        }

        TimeSpan[] latenesses = [.. rig.Latenesses.Order()];
        Assert.InRange(latenesses[5], TimeSpan.Zero, TimeSpan.FromMilliseconds(250));
    }

    [Fact]
    public async Task A_commit_older_than_what_is_waited_for_wakes_it()
    {
        await using SweepRig rig = await SweepRig.StartAsync(TimeProvider.System, new SweepOptions { Retention = TimeSpan.FromHours(1) });
        await rig.Sweeper.StartAsync(CancellationToken.None);
        long start = TimeProvider.System.GetTimestamp();
        for (int id = 0; id < 5; id++)
        {
            await rig.StoreAsync(new ObjectState(id, Online: true, rig.Time.Now - TimeSpan.FromHours(2)));
            await Wait.UntilAsync(() => rig.State.Health.RowsSwept == id + 1, "the row is swept");
        }

        // Full passes alone, one in 5 s, would take 20 s at least.
        Assert.InRange(TimeProvider.System.GetElapsedTime(start), TimeSpan.Zero, 10 * Second);
    }

    [Fact]
    public async Task A_table_that_is_gone_is_made_again_without_a_word_of_alarm()
    {
        await using SweepRig rig = await SweepRig.StartAsync(TimeProvider.System, new SweepOptions { Retention = TimeSpan.FromSeconds(1) });
        await rig.Sweeper.StartAsync(CancellationToken.None);
        await rig.StoreAsync(new ObjectState(1, Online: true, rig.Time.Now));
        await Wait.UntilAsync(() => rig.State.Health.RowsSwept == 1, "the row is swept");

        await rig.Database.ExecuteAsync("drop table objects");
        await Wait.UntilAsync(
            () => rig.Database.ReadAsync<bool>("select to_regclass('objects') is not null"), "the table is there again");
        await rig.StoreAsync(new ObjectState(1, Online: true, rig.Time.Now));
        await Wait.UntilAsync(() => rig.State.Health.RowsSwept == 2, "the row is swept");
        Assert.Equal(0, rig.Log.Count(LogLevel.Warning));
    }

    [Fact]
    public async Task Started_and_stopped_at_any_moment_it_ends_at_once()
    {
        await using SweepRig rig = await SweepRig.StartAsync(TimeProvider.System);
        for (int life = 0; life < 30; life++)
        {
            using var sweeper = new ObjectSweeper(
                rig.Coverage, rig.Connections, rig.Migrator, rig.Commits, rig.State,
                Microsoft.Extensions.Options.Options.Create(new SweepOptions()), rig.Time, TimeProvider.System);
            long id = life;
            await rig.StoreAsync(new ObjectState(id, Online: true, rig.Time.Now - TimeSpan.FromMinutes(1)));
            await sweeper.StartAsync(CancellationToken.None);
            if (life % 2 == 0)
                await Wait.UntilAsync(async () => !(await rig.Database.ReadIdsAsync()).Contains(id), "the row is swept");
            await sweeper.StopAsync(CancellationToken.None).WaitAsync(4 * Second);
        }
    }
}

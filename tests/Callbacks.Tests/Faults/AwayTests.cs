using Callbacks.Fixtures;
using Callbacks.Journal;
using Callbacks.Store;
using Callbacks.Tests.Journal;
using Callbacks.Tests.Store;
using Callbacks.Tests.Support;
using Callbacks.Time;
using Npgsql;

namespace Callbacks.Tests.Faults;

public sealed class AwayTests
{
    static readonly TimeSpan Second = TimeSpan.FromSeconds(1);

    [Fact]
    public async Task PostgreSQL_away_for_longer_than_the_retention_expires_sightings_and_keeps_the_rows_that_something_pending_covers()
    {
        await using var database = new TestDatabase(await PostgreSql.CreateDatabaseAsync());
        var target = new NpgsqlConnectionStringBuilder(database.ConnectionString);
        var proxy = new CuttingProxy(target.Port);
        (target.Host, target.Port) = ("127.0.0.1", proxy.Port);
        var clock = new FakeTimeProvider();
        await using var stages = new StagesRig(new SimulatedDisk(), target.ConnectionString, clock);
        Instant first = await stages.ReceiveAsync(2, 4);
        await stages.AnswerAsync();
        await stages.StoreAsync();

        proxy.IsAway = true;
        await stages.ReceiveAsync(6, 3);
        await stages.AnswerAsync();
        await stages.StoreInVainAsync();
        clock.Advance(20 * Second);
        Instant second = await stages.ReceiveAsync(2);
        await stages.AnswerAsync();
        await stages.StoreInVainAsync();
        // 6 was received 31 s ago, 2 for the second time 11 s ago, and both rows have run out.
        clock.Advance(11 * Second);
        await Wait.UntilAsync(() => stages.Books.Outcomes.Expired == 1, "the sighting of 6 expires");

        proxy.IsAway = false;
        await stages.SweepAsync();
        Assert.Equal([new ObjectState(2, Online: true, first)], await database.ReadRowsAsync());
        await stages.StoreAsync();
        // What is so old is visited less often.
        clock.Advance(2 * Second);
        await stages.UntilSettledAsync();
        await stages.SweepAsync();

        Assert.Equal([new ObjectState(2, Online: true, second)], await database.ReadRowsAsync());
        Assert.Equal(new OutcomeCounts(Stored: 3, Offline: 1, Unknown: 0, Expired: 1), stages.Books.Outcomes);
        Assert.True(stages.Books.IsBalanced);
        await proxy.DisposeAsync();
    }
}

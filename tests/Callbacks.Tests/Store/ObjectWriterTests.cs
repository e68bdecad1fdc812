using Callbacks.Fixtures;
using Callbacks.Store;
using Callbacks.Time;

namespace Callbacks.Tests.Store;

public sealed class ObjectWriterTests : IAsyncLifetime
{
    static readonly Instant Noon = Instant.From(new DateTimeOffset(2026, 1, 1, 12, 0, 0, TimeSpan.Zero));
    TestDatabase _database = null!;
    WriterRig _rig = null!;

    public async ValueTask InitializeAsync()
    {
        _database = new TestDatabase(await PostgreSql.CreateDatabaseAsync());
        _rig = new WriterRig(_database.ConnectionString);
    }

    public async ValueTask DisposeAsync()
    {
        await _rig.DisposeAsync();
        await _database.DisposeAsync();
    }

    [Theory]
    [InlineData(1, 2, 3)]
    [InlineData(1, 3, 2)]
    [InlineData(2, 1, 3)]
    [InlineData(2, 3, 1)]
    [InlineData(3, 1, 2)]
    [InlineData(3, 2, 1)]
    public async Task The_newest_last_seen_wins_in_any_order(int first, int second, int third)
    {
        foreach (int seconds in new[] { first, second, third })
            await _rig.WriteAsync(State(7, online: seconds == 3, seconds));
        Assert.Equal([State(7, online: true, 3)], await _database.ReadRowsAsync());
    }

    [Fact]
    public async Task A_history_shuffled_repeated_and_replayed_ends_at_the_newest_of_each_id()
    {
        Random random = Seed.Draw(TestContext.Current.TestOutputHelper!);
        ObjectState[] history = [.. Enumerable.Range(0, 2_000).Select(second => State(random.Next(50), online: random.Next(2) == 0, second))];
        ObjectState[] newest = [.. history.GroupBy(state => state.Id).Select(states => states.MaxBy(state => state.LastSeen)).OrderBy(state => state.Id)];
        for (int replay = 0; replay < 3; replay++)
        {
            ObjectState[] left = [.. history];
            random.Shuffle(left);
            // One statement takes each id once.
            while (left.Length > 0)
            {
                ObjectState[] batch = [.. left.DistinctBy(state => state.Id)];
                await _rig.WriteAsync(batch);
                left = [.. left.Except(batch)];
            }

            Assert.Equal(newest, await _database.ReadRowsAsync());
        }
    }

    [Fact]
    public async Task A_row_keeps_its_microseconds_and_its_flag()
    {
        ObjectState[] states =
        [
            new(long.MinValue, Online: true, Noon + TimeSpan.FromMicroseconds(1)),
            new(0, Online: false, Noon + TimeSpan.FromMicroseconds(999_999)),
            new(long.MaxValue, Online: true, Noon),
        ];
        await _rig.WriteAsync([.. states.Reverse()]);
        Assert.Equal(states, await _database.ReadRowsAsync());
        Assert.Equal(3, _rig.State.RowsStored);
    }

    [Fact]
    public async Task Writing_a_batch_again_changes_nothing()
    {
        const string Versions = "select string_agg(id || ':' || xmin, ',' order by id) from objects";
        await _rig.WriteAsync(State(1, true, 1), State(2, true, 1));
        string before = await _database.ReadAsync<string>(Versions);
        await _rig.WriteAsync(State(1, false, 1), State(2, true, 0));
        Assert.Equal(before, await _database.ReadAsync<string>(Versions));
    }

    [Fact]
    public async Task A_backlog_goes_in_batches_of_at_most_the_configured_rows()
    {
        await using var rig = new WriterRig(_database.ConnectionString, batchRowsMax: 10);
        await rig.WriteAsync([.. Enumerable.Range(0, 95).Select(id => State(id, true, 1))]);
        Assert.Equal(10, rig.Source.LargestBatchRows);
        Assert.Equal(10, rig.Source.StoredBatches);
        Assert.Equal(95, (await _database.ReadRowsAsync()).Count);
    }

    [Fact]
    public async Task A_commit_waits_for_the_disk_even_if_database_and_connection_string_say_otherwise()
    {
        await _database.ExecuteAsync($"alter database {await _database.ReadAsync<string>("select current_database()")} set synchronous_commit = off");
        string connectionString = _database.ConnectionString + ";Options=-c synchronous_commit=off -c work_mem=5MB";
        await using (var other = new TestDatabase(connectionString))
            Assert.Equal("off", await other.ReadAsync<string>("show synchronous_commit"));

        await using var rig = new WriterRig(connectionString);
        await using var show = rig.Connections.Writer.CreateCommand("select current_setting('synchronous_commit') || ' ' || current_setting('work_mem')");
        Assert.Equal("on 5MB", await show.ExecuteScalarAsync());
    }

    [Fact]
    public async Task The_oldest_row_of_a_commit_is_told()
    {
        await _rig.WriteAsync(State(1, true, 5), State(2, true, 3), State(3, true, 9));
        Assert.Equal(Noon + TimeSpan.FromSeconds(3), _rig.Commits.TakeOldest());
    }

    [Fact]
    public async Task Started_and_stopped_at_any_moment_it_loses_nothing()
    {
        for (int life = 0; life < 30; life++)
        {
            await using var rig = new WriterRig(_database.ConnectionString, batchRowsMax: 7);
            rig.Source.Offer(Enumerable.Range(life * 100, 100).Select(id => State(id, true, 1)));
            await rig.Writer.StartAsync(CancellationToken.None);
            if (life % 3 != 0)
                await Support.Wait.UntilAsync(() => rig.Source.StoredBatches >= life % 15, "some batches are stored");
            await rig.Writer.StopAsync(CancellationToken.None);

            // What a stop left is still in the source, whole, as it is in the journal.
            while (!rig.Source.IsEmpty)
                await rig.Writer.RunOnceAsync(CancellationToken.None);
            Assert.Equal((life + 1) * 100, (await _database.ReadRowsAsync()).Count);
        }
    }

    static ObjectState State(long id, bool online, int seconds) => new(id, online, Noon + TimeSpan.FromSeconds(seconds));
}

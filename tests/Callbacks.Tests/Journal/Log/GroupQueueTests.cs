using Callbacks.Journal;
using Callbacks.Journal.Log;
using Callbacks.Tests.Support;
using Callbacks.Time;

namespace Callbacks.Tests.Journal.Log;

public sealed class GroupQueueTests : IDisposable
{
    const int GroupBytesMax = 4096;

    static readonly long[] FillsAGroup = [.. Enumerable.Range(0, 400).Select(id => (1L << 60) + id)];
    static readonly long[] TenFillAGroup = FillsAGroup[..45];

    readonly SimulatedDisk _disk = new();
    readonly Segment _segment;

    public GroupQueueTests() => _segment = new Segment(1, 1, _disk.Create(Segment.NameOf(1)), 1 << 20);

    [Fact]
    public async Task Without_memory_for_another_group_the_callback_has_no_effect_and_the_next_is_written()
    {
        bool isThere = true;
        var time = new ManualTime();
        using var queue = new GroupQueue(new ServiceTime(time), time, GroupBytesMax, 0, default, problem: null)
        {
            Create = bytesMax => isThere ? new GroupBuffer(bytesMax) : throw new InvalidOperationException("No memory."),
        };
        Task<Receipt> first = queue.AppendAsync(FillsAGroup).AsTask();
        isThere = false;
        for (int i = 0; i < 3; i++)
            await Assert.ThrowsAsync<InvalidOperationException>(async () => await queue.AppendAsync(FillsAGroup));
        isThere = true;

        GroupBuffer taken = queue.Take(isDue: false)!;
        // A smaller one: it has room where the others had none, and must not come to a group that is being written.
        Task<Receipt> second = queue.AppendAsync([1]).AsTask();
        Assert.Equal([1UL], taken.Appends.Select(append => append.Number));
        GroupBuffer next = queue.Take(isDue: false)!;
        Assert.NotSame(taken, next);
        // Without a gap, or what is read from the disk has other numbers than those that were told.
        Assert.Equal([2UL], next.Appends.Select(append => append.Number));
        Assert.Null(queue.Take(isDue: false));

        foreach (PendingAppend append in taken.Appends.Concat(next.Appends))
            append.Complete(isDurable: true);
        Assert.Equal(1UL, (await first).Number);
        Assert.Equal(2UL, (await second).Number);
    }

    [Fact]
    public async Task What_nobody_waits_for_any_more_is_not_written_before_what_somebody_does()
    {
        var time = new FakeTimeProvider();
        using GroupQueue queue = NewQueue(time);
        // The disk hangs, and what comes meanwhile fills one group after another.
        Task<Receipt>[] old = [.. Enumerable.Range(0, 5).Select(_ => queue.AppendAsync(FillsAGroup).AsTask())];
        time.Advance(TimeSpan.FromSeconds(10));
        Task<Receipt> fresh = queue.AppendAsync(FillsAGroup).AsTask();

        Write(queue, time, TimeSpan.FromMilliseconds(1));
        Assert.True((await fresh.WaitAsync(TimeSpan.FromSeconds(20))).IsDurable);
        Assert.All(await Task.WhenAll(old), receipt => Assert.False(receipt.IsDurable));
        Assert.Null(queue.Take(isDue: false));
        // One that was in time is no proof that the disk keeps up; some time without one that wasn't is, and nobody has to send for it.
        Assert.NotNull(queue.Problem);
        time.Advance(TimeSpan.FromSeconds(1));
        Write(queue, time, TimeSpan.FromMilliseconds(1), isDue: true);
        Assert.Null(queue.Problem);
    }

    [Theory]
    [InlineData(100, 3)]
    [InlineData(100, 10)]
    [InlineData(300, 2)]
    [InlineData(300, 5)]
    [InlineData(600, 4)]
    public async Task A_disk_that_takes_less_than_comes_takes_what_it_can_and_most_of_that_in_time(int writeMilliseconds, int groupsMeanwhile)
    {
        const int Writes = 100, AppendsPerGroup = 10;
        var time = new FakeTimeProvider();
        using GroupQueue queue = NewQueue(time);
        var appends = new List<Task<Receipt>>();
        int written = 0, refusing = 0;
        TimeSpan between = TimeSpan.FromMilliseconds(writeMilliseconds) / (groupsMeanwhile * AppendsPerGroup);
        for (int i = 0; i < Writes; i++)
        {
            GroupBuffer? group = queue.Take(isDue: false);
            written += group?.Callbacks ?? 0;
            for (int comes = 0; comes < groupsMeanwhile * AppendsPerGroup; comes++)
            {
                appends.Add(queue.AppendAsync(TenFillAGroup).AsTask());
                time.Advance(between);
            }

            if (group is not null)
                End(queue, group, TimeSpan.FromMilliseconds(writeMilliseconds));
            refusing += queue.Problem is null ? 0 : 1;
        }

        Assert.InRange(written, AppendsPerGroup * (Writes - 2), AppendsPerGroup * Writes);
        // Not well in between.
        TimeSpan untilBehind = TimeSpan.FromSeconds(3);
        Assert.InRange(refusing, Writes - (int)(untilBehind.TotalMilliseconds / writeMilliseconds), Writes);
        time.Advance(TimeSpan.FromSeconds(1));
        Receipt[] receipts = await Task.WhenAll(appends);
        int durable = receipts.Count(receipt => receipt.IsDurable);
        Assert.True(durable > written * 0.75, $"{durable} of {written} were in time.");
    }

    [Theory]
    // One says nothing of the next.
    [InlineData(1, 60_000, 400)]
    // And where nothing could be in time, it's worth a try.
    [InlineData(2, 1_000, 10)]
    public async Task After_writes_that_took_ever_so_long_what_is_fresh_is_tried(int writes, int tookMilliseconds, int ageMilliseconds)
    {
        var time = new FakeTimeProvider();
        using GroupQueue queue = NewQueue(time);
        for (int i = 0; i < writes; i++)
        {
            Task<Receipt> slow = queue.AppendAsync([1]).AsTask();
            Write(queue, time, TimeSpan.FromMilliseconds(tookMilliseconds));
            Assert.False((await slow).IsDurable);
        }

        Task<Receipt>[] fresh = [.. Enumerable.Range(0, 3).Select(_ => queue.AppendAsync(FillsAGroup).AsTask())];
        time.Advance(TimeSpan.FromMilliseconds(ageMilliseconds));
        for (int i = 0; i < fresh.Length; i++)
            Write(queue, time, TimeSpan.FromMilliseconds(1));
        Assert.All(await Task.WhenAll(fresh), receipt => Assert.True(receipt.IsDurable));
    }

    [Theory]
    // A burst behind a single one.
    [InlineData(450, 8, 800)]
    // A trickle, of which only the last can be in time.
    [InlineData(3_000, 1, 100)]
    public async Task A_group_of_which_enough_can_be_in_time_is_written(int afterFirstMilliseconds, int together, int ageMilliseconds)
    {
        var time = new FakeTimeProvider();
        using GroupQueue queue = NewQueue(time);
        int trickle = 9 - together;
        for (int i = 0; i < trickle; i++)
        {
            _ = queue.AppendAsync(TenFillAGroup).AsTask();
            time.Advance(TimeSpan.FromMilliseconds(afterFirstMilliseconds) / trickle);
        }

        Task<Receipt>[] last = [.. Enumerable.Range(0, together).Select(_ => queue.AppendAsync(TenFillAGroup).AsTask())];
        // Makes it a full one.
        Task<Receipt> next = queue.AppendAsync(FillsAGroup).AsTask();
        time.Advance(TimeSpan.FromMilliseconds(ageMilliseconds));
        Write(queue, time, TimeSpan.FromMilliseconds(1));
        Write(queue, time, TimeSpan.FromMilliseconds(1));
        Assert.All(await Task.WhenAll([.. last, next]), receipt => Assert.True(receipt.IsDurable));
    }

    [Fact]
    public async Task A_slow_write_that_nobody_waits_for_says_not_that_all_is_well()
    {
        var time = new FakeTimeProvider();
        using GroupQueue queue = NewQueue(time);
        Task<Receipt> late = queue.AppendAsync([1]).AsTask();
        Assert.False(Write(queue, time, TimeSpan.FromSeconds(1)));
        Assert.False((await late).IsDurable);
        queue.Mark([1]);
        Assert.False(Write(queue, time, TimeSpan.FromSeconds(1), isDue: true));
        Assert.NotNull(queue.Problem);
        Assert.True(Write(queue, time, TimeSpan.FromMilliseconds(1), isDue: true));
        Assert.Null(queue.Problem);
    }

    [Fact]
    public async Task A_clock_that_is_put_forward_makes_nothing_late()
    {
        var time = new FakeTimeProvider();
        using GroupQueue queue = NewQueue(time);
        Task<Receipt> append = queue.AppendAsync([1]).AsTask();
        time.SetWallClock(time.GetUtcNow() + TimeSpan.FromHours(1));
        time.Advance(TimeSpan.FromMilliseconds(200));
        Assert.False(append.IsCompleted);
        time.Advance(TimeSpan.FromSeconds(2));
        Assert.False((await append).IsDurable);
    }

    public void Dispose() => _disk.Dispose();

    static GroupQueue NewQueue(FakeTimeProvider time) => new(new ServiceTime(time), time, GroupBytesMax, 0, default, problem: null);

    /// <summary>As the writer does it. Returns whether all is well.</summary>
    bool Write(GroupQueue queue, FakeTimeProvider time, TimeSpan took, bool isDue = false)
    {
        GroupBuffer group = queue.Take(isDue)!;
        time.Advance(took);
        return End(queue, group, took);
    }

    bool End(GroupQueue queue, GroupBuffer group, TimeSpan took)
    {
        bool isWell = queue.Written(group, _segment, took);
        foreach (PendingAppend append in group.Appends)
            append.Complete(isDurable: true);
        queue.Recycle(group);
        return isWell;
    }
}

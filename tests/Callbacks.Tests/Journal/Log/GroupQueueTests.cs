using Callbacks.Journal;
using Callbacks.Journal.Log;
using Callbacks.Tests.Support;
using Callbacks.Time;

namespace Callbacks.Tests.Journal.Log;

public sealed class GroupQueueTests
{
    const int GroupBytesMax = 4096;

    [Fact]
    public async Task Without_memory_for_another_group_the_callback_has_no_effect_and_the_next_is_written()
    {
        bool isThere = true;
        var time = new ManualTime();
        using var queue = new GroupQueue(new ServiceTime(time), time, GroupBytesMax, 0, default, problem: null)
        {
            Create = bytesMax => isThere ? new GroupBuffer(bytesMax) : throw new InvalidOperationException("No memory."),
        };
        long[] many = [.. Enumerable.Range(0, 400).Select(id => (1L << 60) + id)];
        Task<Receipt> first = queue.AppendAsync(many).AsTask();
        isThere = false;
        for (int i = 0; i < 3; i++)
            await Assert.ThrowsAsync<InvalidOperationException>(async () => await queue.AppendAsync(many));
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
}

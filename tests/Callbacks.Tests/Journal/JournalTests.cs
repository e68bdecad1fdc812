using Callbacks.Journal;
using Callbacks.Journal.Disk;
using Callbacks.Journal.Log;

namespace Callbacks.Tests.Journal;

/// <summary>G1 and G2 at the journal's seam, the same on a simulated disk and on a real one.</summary>
public abstract class JournalTests : IDisposable
{
    private protected abstract IJournalDisk OpenDisk();

    public virtual void Dispose() => GC.SuppressFinalize(this);

    [Fact]
    public async Task What_was_acknowledged_is_pending_in_the_next_life()
    {
        using (var first = new JournalRig(OpenDisk()))
        {
            Assert.True((await first.AppendAsync(1, 2, 3)).IsDurable);
            Assert.True((await first.AppendAsync(3, 4)).IsDurable);
        }

        using var second = new JournalRig(OpenDisk());
        await second.ReadAsync();
        Assert.Equal(5, second.Balance.Snapshot().PendingAtStart);
        Assert.Equal([1, 2, 3, 4], (await second.AnswerUntilSettledAsync()).Order());
        BalanceSnapshot books = second.Balance.Snapshot();
        Assert.Equal(new OutcomeCounts(Stored: 2, Offline: 3, Unknown: 0, Expired: 0), books.Outcomes);
        Assert.True(books.IsBalanced);
    }

    [Fact]
    public async Task What_is_settled_and_marked_is_not_done_again()
    {
        using (var first = new JournalRig(OpenDisk()))
        {
            await first.AppendAsync(1, 2);
            await first.AnswerUntilSettledAsync();
            await first.AppendAsync(5);
        }

        using var second = new JournalRig(OpenDisk());
        await second.ReadAsync();
        Assert.Equal(1, second.Balance.Snapshot().PendingAtStart);
        Assert.Equal([5], await second.AnswerUntilSettledAsync());
    }

    [Fact]
    public async Task Numbers_and_receive_times_ascend_across_lives_and_tags_differ()
    {
        var receipts = new List<Receipt>();
        var tags = new HashSet<uint>();
        for (int life = 0; life < 4; life++)
        {
            using var rig = new JournalRig(OpenDisk());
            tags.Add(rig.Journal.Tag);
            for (int i = 0; i < 3; i++)
                receipts.Add(await rig.AppendAsync(i));
        }

        Assert.Equal(4, tags.Count);
        Assert.All(receipts.Zip(receipts.Skip(1)), pair =>
        {
            Assert.True(pair.First.Number < pair.Second.Number);
            Assert.True(pair.First.ReceivedAt < pair.Second.ReceivedAt);
        });
    }

    [Fact]
    public async Task Settled_segments_are_deleted_and_the_journal_shrinks_to_one_and_its_spare()
    {
        using var rig = new JournalRig(OpenDisk());
        long[] ids = JournalRig.WideIds(1000);
        for (int i = 0; i < 40; i++)
            await rig.AppendAsync(ids);
        Assert.True(rig.Journal.Status().Segments > 4);
        await rig.AnswerUntilSettledAsync();
        await JournalRig.UntilAsync(() => rig.Journal.Status() is { Segments: 1, Spares: 1 });
        Assert.True(rig.Balance.Snapshot().IsBalanced);
    }

    [Fact]
    public async Task A_second_process_on_the_same_folder_is_refused_and_the_first_goes_on()
    {
        using var first = new JournalRig(OpenDisk());
        Assert.Throws<JournalUnusableException>(() => new JournalRig(OpenDisk()));
        Assert.True((await first.AppendAsync(1)).IsDurable);
    }

    [Fact]
    public async Task An_empty_callback_is_acknowledged_and_settles_by_itself()
    {
        using var rig = new JournalRig(OpenDisk());
        Assert.True((await rig.AppendAsync()).IsDurable);
        await JournalRig.UntilAsync(() => rig.Balance.Snapshot() is { SettledCallbacks: 1, PendingCallbacks: 0 });
    }

    [Fact]
    public async Task The_largest_callback_and_many_at_once_are_durable()
    {
        using var rig = new JournalRig(OpenDisk(), segmentBytes: 1 << 20);
        long[] large = [.. Enumerable.Range(0, 100_000).Select(id => (long)id * -7)];
        Task<Receipt>[] appends = [.. Enumerable.Range(0, 500).Select(i => rig.AppendAsync(i)), rig.AppendAsync(large)];
        Receipt[] receipts = await Task.WhenAll(appends);
        Assert.All(receipts, receipt => Assert.True(receipt.IsDurable));
        Assert.Equal(501, receipts.Select(receipt => receipt.Number).Distinct().Count());
        await rig.ReadAsync();
        Assert.Equal(100_500, rig.Balance.Snapshot().Pending);
    }

    [Fact]
    public async Task What_outlives_its_retention_expires_whatever_the_life_that_received_it()
    {
        using (var first = new JournalRig(OpenDisk(), retention: TimeSpan.FromSeconds(1)))
            await first.AppendAsync(1, 2, 3);

        using var second = new JournalRig(OpenDisk(), retention: TimeSpan.FromSeconds(1));
        await second.AppendAsync(4);
        await JournalRig.UntilAsync(() => second.Balance.Snapshot().Outcomes.Expired == 4);
        Assert.True(second.Balance.Snapshot().IsBalanced);
        // Written a moment after the books.
        await JournalRig.UntilAsync(() => second.Journal.Status().OldestPending is null);
    }

    [Fact]
    public async Task A_torn_tail_is_cut_at_the_last_whole_group_and_nothing_before_it_is_lost()
    {
        string name = Segment.NameOf(1);
        using (var first = new JournalRig(OpenDisk()))
        {
            for (int i = 0; i < 3; i++)
                await first.AppendAsync(i);
        }

        // The three groups stand in the second, third and fourth block.
        CutFile(name, 4 * Layout.BlockBytes - Layout.BlockBytes + 20);
        using var second = new JournalRig(OpenDisk());
        await second.ReadAsync();
        Assert.Equal(2, second.Balance.Snapshot().PendingAtStart);
        Assert.Empty(second.Journal.Status().Damage);
    }

    private protected abstract void CutFile(string name, int length);
}

public sealed class JournalOnSimulatedDiskTests : JournalTests
{
    readonly SimulatedDisk _disk = new();

    private protected override IJournalDisk OpenDisk() => _disk;

    private protected override void CutFile(string name, int length) => _disk.Cut(name, length);
}

public sealed class JournalOnRealDiskTests : JournalTests
{
    readonly string _folder = Directory.CreateTempSubdirectory("callback-journal-").FullName;

    private protected override IJournalDisk OpenDisk() => new LinuxDisk(_folder);

    private protected override void CutFile(string name, int length)
    {
        using FileStream file = File.OpenWrite(Path.Combine(_folder, name));
        file.SetLength(length);
    }

    public override void Dispose()
    {
        Directory.Delete(_folder, recursive: true);
        base.Dispose();
    }
}

using Callbacks.Journal.Log;

namespace Callbacks.Tests.Journal;

/// <summary>G1 where an acknowledged callback could get lost after its flush: by the next write, by its file's name, by its segment's end.</summary>
public sealed class DurabilityTests : IDisposable
{
    readonly SimulatedDisk _disk = new();

    public void Dispose() => _disk.Dispose();

    [Fact]
    public async Task A_block_that_holds_an_acknowledged_frame_is_not_written_again()
    {
        using var rig = new JournalRig(_disk);
        byte[] before = _disk.Read(Segment.NameOf(1));
        for (int id = 1; id <= 10; id++)
        {
            int lastUsed = before.AsSpan().LastIndexOfAnyExcept((byte)0);
            await rig.AppendAsync(id);
            byte[] after = _disk.Read(Segment.NameOf(1));
            int firstWritten = before.AsSpan().CommonPrefixLength(after);
            Assert.True(
                firstWritten / Layout.BlockBytes > lastUsed / Layout.BlockBytes,
                $"Append {id} wrote to byte {firstWritten}, in the block of byte {lastUsed}, which was acknowledged.");
            before = after;
        }
    }

    [Fact]
    public async Task The_name_of_a_segment_is_durable_before_anything_in_it_is_acknowledged()
    {
        // Whether a name that was not flushed survives is drawn.
        for (int seed = 0; seed < 10; seed++)
        {
            using var disk = new SimulatedDisk();
            // Two fit into a segment; the first two segments are prepared at the start, the others as they are needed.
            using (var first = new JournalRig(disk))
            {
                for (int i = 0; i < 8; i++)
                    Assert.True((await first.AppendAsync([.. Enumerable.Range(i * 3000, 3000).Select(id => (long)id)])).IsDurable);
                disk.CutPower(new Random(seed));
            }

            using var second = new JournalRig(disk);
            await second.ReadAsync();
            Assert.Equal(24_000, second.Balance.Snapshot().PendingAtStart);
        }
    }

    [Fact]
    public async Task A_segment_is_kept_until_what_is_stored_of_it_is_committed()
    {
        using (var first = new JournalRig(_disk))
        {
            // The rig's upstream says online to even ids: they have to be stored, the others settle by their answer alone.
            for (int i = 0; i < 6; i++)
                await first.AppendAsync([.. Enumerable.Range(i * 3000, 3000).Select(id => 2L * id)]);
            await first.AppendAsync(1);
            await first.ReadAsync();
            first.AnswerWithoutCommit();
            // They are visited in the order of the log: when the last one has settled, the others would have, too.
            await JournalRig.UntilAsync(() => first.Balance.Snapshot().Outcomes.Offline == 1);
            Assert.Equal(1, first.Balance.Snapshot().SettledCallbacks);
            _disk.KillProcess();
        }

        using var second = new JournalRig(_disk);
        Assert.Equal(18_000, (await second.FindPendingAsync()).Count(id => id % 2 == 0));
    }
}

using System.Runtime.CompilerServices;
using Callbacks.Journal.Pending;

namespace Callbacks.Tests.Journal.Pending;

public sealed class PendingIdsTests
{
    [Fact]
    public unsafe void An_entry_is_one_line_of_memory_and_begins_where_a_line_begins()
    {
        Assert.Equal(PendingIds.LineBytes, Unsafe.SizeOf<PendingId>());
        // Wherever the collector puts them.
        for (int length = 1; length <= 100; length++)
        {
            var entries = new PendingIds(length);
            Assert.Equal(0, (nint)Unsafe.AsPointer(ref entries[0]) % PendingIds.LineBytes);
            entries[length - 1].Id = length;
            Assert.Equal(length, entries[length - 1].Id);
        }
    }

    [Fact]
    public void There_is_nothing_beyond_the_last_one()
    {
        var entries = new PendingIds(3);
        Assert.Throws<ArgumentOutOfRangeException>(() => entries[3]);
        Assert.Throws<ArgumentOutOfRangeException>(() => entries[-1]);
    }

    [Fact]
    public void Entries_and_their_details_are_kept_apart_by_index_through_collections()
    {
        const int Length = 1000;
        var entries = new PendingIds(Length);
        for (int i = 0; i < Length; i++)
            (entries[i].Id, entries[i].IsStoring, entries.DetailsOf(i).Next) = (i + 1, i % 2 == 0, -i);
        GC.Collect(GC.MaxGeneration, GCCollectionMode.Aggressive, blocking: true, compacting: true);
        for (int i = 0; i < Length; i++)
            Assert.Equal((i + 1, i % 2 == 0, -i), (entries[i].Id, entries[i].IsStoring, entries.DetailsOf(i).Next));
    }
}

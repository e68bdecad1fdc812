using System.Buffers.Binary;
using Callbacks.Journal.Log;
using Callbacks.Time;

namespace Callbacks.Tests.Journal.Log;

/// <summary>What <see cref="GroupBuffer"/> writes, <see cref="FrameReader"/> reads.</summary>
public sealed class GroupTests
{
    const uint Tag = 0x1234_5678;
    const ulong SegmentNumber = 9;

    static readonly Instant Noon = Instant.From(new DateTimeOffset(2026, 1, 1, 12, 0, 0, TimeSpan.Zero));

    [Fact]
    public void Callbacks_and_marks_come_back_as_they_were_put_in()
    {
        var buffer = new GroupBuffer(64 << 10);
        long[][] callbacks = [[1, -2, long.MinValue, long.MaxValue], [], [0], [.. Enumerable.Range(0, 500).Select(id => (long)id)]];
        for (int i = 0; i < callbacks.Length; i++)
            Add(buffer, 100 + (ulong)i, callbacks[i]);
        List<ulong> marks = [7, 5, 6, 90];
        buffer.TakeMarks(marks);
        Assert.Empty(marks);
        Assert.Equal([5UL, 6, 7, 90], buffer.Marks);
        Assert.Equal(505, buffer.Sightings);

        byte[] bytes = buffer.Complete(number: 3, Tag, SegmentNumber, header: null).ToArray();
        Assert.Equal(0, bytes.Length % Layout.BlockBytes);
        GroupHeader header = GroupHeader.Read(bytes);
        Assert.True(header.IsPlausible);
        Assert.Equal(new GroupHeader(buffer.Length, 3, Tag, 4, 100, Noon + TimeSpan.FromSeconds(103)), header);
        Assert.True(header.Matches(bytes, SegmentNumber));
        Assert.False(header.Matches(bytes, SegmentNumber + 1));
        Assert.All(bytes[header.Bytes..], rest => Assert.Equal(0, rest));

        (List<(ulong Number, Instant ReceivedAt, long[] Ids)> read, List<ulong> settled) = Read(bytes.AsSpan(0, header.Bytes));
        Assert.Equal([100UL, 101, 102, 103], read.Select(callback => callback.Number));
        Assert.Equal(read.Select(callback => Noon + TimeSpan.FromSeconds(callback.Number)), read.Select(callback => callback.ReceivedAt));
        Assert.Equal(callbacks, read.Select(callback => callback.Ids));
        Assert.Equal([5UL, 6, 7, 90], settled);
    }

    [Fact]
    public void A_segment_s_header_stands_in_front_of_its_first_group()
    {
        var buffer = new GroupBuffer(64 << 10);
        Add(buffer, 1, [1]);
        byte[] alone = buffer.Complete(1, Tag, SegmentNumber, header: null).ToArray();
        byte[] both = buffer.Complete(1, Tag, SegmentNumber, new SegmentHeader(SegmentNumber, Tag, SegmentNumber, 0, Noon, [])).ToArray();
        Assert.NotNull(SegmentHeader.Read(both, SegmentNumber));
        Assert.Equal(alone, both[Layout.SegmentHeaderBytes..]);
    }

    [Fact]
    public void A_group_that_is_used_again_holds_nothing_of_the_last_one()
    {
        var used = new GroupBuffer(64 << 10);
        for (ulong number = 1; number < 100; number++)
            Add(used, number, [1, 2, 3]);
        used.TakeMarks([1, 2, 3]);
        used.Complete(1, Tag, SegmentNumber, header: null);
        used.Clear();
        Assert.True(used.IsEmpty);
        var fresh = new GroupBuffer(64 << 10);
        foreach (GroupBuffer buffer in new[] { used, fresh })
            Add(buffer, 200, [4]);
        Assert.Equal(fresh.Complete(2, Tag, SegmentNumber, header: null).ToArray(), used.Complete(2, Tag, SegmentNumber, header: null).ToArray());
        Assert.Empty(used.Marks);
    }

    [Theory]
    [InlineData(8)]
    [InlineData(16)]
    [InlineData(4_000)]
    public void Frames_of_an_unknown_kind_are_skipped(int frameBytes)
    {
        var buffer = new GroupBuffer(64 << 10);
        Add(buffer, 1, [10]);
        Add(buffer, 2, [20, 21]);
        int firstEnd = Layout.GroupHeaderBytes + Layout.CallbackBytes(1, 1);
        byte[] whole = buffer.Complete(1, Tag, SegmentNumber, header: null)[..buffer.Length].ToArray();
        byte[] unknown = new byte[frameBytes];
        Array.Fill(unknown, (byte)0xFF);
        BinaryPrimitives.WriteUInt64LittleEndian(unknown, 200UL | (ulong)frameBytes << 32);

        byte[] group = [.. whole[..firstEnd], .. unknown, .. whole[firstEnd..], .. unknown];
        (List<(ulong Number, Instant ReceivedAt, long[] Ids)> read, List<ulong> settled) = Read(group);
        Assert.Equal([1UL, 2], read.Select(callback => callback.Number));
        Assert.Equal([20L, 21], read[1].Ids);
        Assert.Empty(settled);
    }

    [Theory]
    [InlineData(0)]
    [InlineData(7)]
    [InlineData(-8)]
    [InlineData(1 << 20)]
    public void A_frame_whose_length_can_not_be_is_no_reason_to_run_in_circles_or_out_of_bounds(int frameBytes)
    {
        byte[] group = new byte[Layout.GroupHeaderBytes + 64];
        BinaryPrimitives.WriteInt32LittleEndian(group.AsSpan(Layout.GroupHeaderBytes + 4), frameBytes);
        Assert.Throws<InvalidDataException>(() => Read(group));
    }

    [Fact]
    public void Numbers_in_a_row_take_one_word_and_a_run_has_a_longest_length()
    {
        var buffer = new GroupBuffer(64 << 10);
        List<ulong> marks = [.. Enumerable.Range(1, 70_000).Select(number => (ulong)number), 80_000];
        buffer.TakeMarks(marks);
        Assert.Empty(marks);
        Assert.Equal(Layout.GroupHeaderBytes + Layout.SettledHeaderBytes + 3 * sizeof(ulong), buffer.Length);
        (_, List<ulong> settled) = Read(buffer.Complete(1, Tag, SegmentNumber, header: null)[..buffer.Length]);
        Assert.Equal(70_001, settled.Count);
        Assert.Equal(70_001, settled.Distinct().Count());
        Assert.Equal(80_000UL, settled.Max());
    }

    [Fact]
    public void Marks_that_find_no_room_wait_for_the_next_group()
    {
        var buffer = new GroupBuffer(4096);
        List<ulong> marks = [.. Enumerable.Range(1, 1_000).Select(number => (ulong)number * 2)];
        var settled = new List<ulong>();
        for (int groups = 0; marks.Count > 0; groups++)
        {
            Assert.InRange(groups, 0, 2);
            buffer.TakeMarks(marks);
            Assert.InRange(buffer.Length, 0, 4096);
            settled.AddRange(Read(buffer.Complete(1, Tag, SegmentNumber, header: null)[..buffer.Length]).Settled);
            buffer.Clear();
        }

        Assert.Equal(Enumerable.Range(1, 1_000).Select(number => (ulong)number * 2), settled);
    }

    [Fact]
    public void Without_room_for_one_mark_none_is_taken()
    {
        var buffer = new GroupBuffer(Layout.GroupHeaderBytes + Layout.CallbackBytes(1, 1));
        Add(buffer, 1, [1]);
        Assert.False(buffer.HasRoom(8));
        List<ulong> marks = [1];
        buffer.TakeMarks(marks);
        Assert.Single(marks);
        Assert.Empty(buffer.Marks);
    }

    [Theory]
    [InlineData(0UL, 1)]
    [InlineData(1UL, 65_535)]
    [InlineData((1UL << 48) - 1, 1)]
    public void A_run_is_packed_into_one_word(ulong first, int length) => Assert.Equal((first, length), SettledRuns.Unpack(SettledRuns.Pack(first, length)));

    [Fact]
    public void Any_bit_that_flips_is_noticed()
    {
        var buffer = new GroupBuffer(64 << 10);
        Add(buffer, 1, [1, 2, 3]);
        byte[] group = buffer.Complete(1, Tag, SegmentNumber, header: null)[..buffer.Length].ToArray();
        for (int bit = 0; bit < group.Length * 8; bit++)
        {
            group[bit / 8] ^= (byte)(1 << bit % 8);
            GroupHeader header = GroupHeader.Read(group);
            Assert.False(header.IsPlausible && header.Tag == Tag && header.Bytes <= group.Length && header.Matches(group, SegmentNumber));
            group[bit / 8] ^= (byte)(1 << bit % 8);
        }
    }

    static void Add(GroupBuffer buffer, ulong number, long[] ids)
    {
        Instant receivedAt = Noon + TimeSpan.FromSeconds(number);
        buffer.Add(number, receivedAt, ids, PackedIds.WidthOf(ids), PendingAppend.Rent(number, receivedAt));
    }

    static (List<(ulong Number, Instant ReceivedAt, long[] Ids)> Callbacks, List<ulong> Settled) Read(ReadOnlySpan<byte> group)
    {
        List<(ulong, Instant, long[])> callbacks = [];
        List<ulong> settled = [];
        var reader = new FrameReader(group);
        while (reader.Next())
        {
            if (reader.Kind == Layout.CallbackKind)
                callbacks.Add((reader.Callback.Number, reader.Callback.ReceivedAt, reader.Callback.Ids.ToArray()));
            else if (reader.Kind == Layout.SettledKind)
            {
                foreach (ulong run in reader.Runs)
                {
                    (ulong first, int length) = SettledRuns.Unpack(run);
                    for (int i = 0; i < length; i++)
                        settled.Add(first + (ulong)i);
                }
            }
        }

        return (callbacks, settled);
    }
}

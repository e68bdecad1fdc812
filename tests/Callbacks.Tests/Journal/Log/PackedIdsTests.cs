using Callbacks.Fixtures;
using Callbacks.Journal.Log;

namespace Callbacks.Tests.Journal.Log;

public sealed class PackedIdsTests(ITestOutputHelper output)
{
    public static TheoryData<int> Widths => [.. Enumerable.Range(1, sizeof(long))];

    [Fact]
    public void No_ids_take_no_room()
    {
        Assert.Equal(0, PackedIds.BytesOf(0, PackedIds.WidthOf([])));
        Assert.Empty(PackAndRead([]));
    }

    [Theory]
    [MemberData(nameof(Widths))]
    public void The_first_and_the_last_number_of_a_width_come_back(int width)
    {
        long last = long.MaxValue >> (8 * (sizeof(long) - width)), first = -last - 1;
        Assert.Equal(width, PackedIds.WidthOf([0, last]));
        Assert.Equal(width, PackedIds.WidthOf([first, 0]));
        Assert.Equal([first, last, 0, -1, 1], PackAndRead([first, last, 0, -1, 1]));
        if (width < sizeof(long))
        {
            Assert.Equal(width + 1, PackedIds.WidthOf([last + 1]));
            Assert.Equal(width + 1, PackedIds.WidthOf([first - 1]));
        }
    }

    [Theory]
    [MemberData(nameof(Widths))]
    public void Any_number_of_ids_comes_back_from_just_its_room(int width)
    {
        Random random = Seed.Draw(output);
        int spare = 8 * (sizeof(long) - width);
        for (int count = 0; count < 300; count++)
        {
            long[] ids = [.. Enumerable.Range(0, count).Select(_ => random.NextInt64(long.MinValue, long.MaxValue) << spare >> spare)];
            Assert.Equal(ids, PackAndRead(ids));
        }
    }

    [Fact]
    public void They_can_be_read_from_anywhere_on()
    {
        long[] ids = [.. Enumerable.Range(-50, 100).Select(id => id * 1_000L)];
        byte[] bytes = Pack(ids, out int width);
        var packed = new PackedIds(bytes, ids.Length, width);
        long[] some = new long[7];
        packed.CopyTo(some, 93);
        Assert.Equal(ids[93..], some);
        Assert.Equal(ids[93], packed[93]);
    }

    [Fact]
    public void What_pads_the_last_word_is_zero()
    {
        byte[] bytes = Pack([-1, -1, -1], out int width);
        Assert.Equal(1, width);
        Assert.Equal([0xFF, 0xFF, 0xFF, 0, 0, 0, 0, 0], bytes);
    }

    [Theory]
    [InlineData(-1, 1)]
    [InlineData(17, 1)]
    [InlineData(3, 8)]
    [InlineData(long.MaxValue, 1)]
    [InlineData(1, 0)]
    [InlineData(1, 9)]
    [InlineData(1, -1)]
    public void A_width_or_a_number_that_can_not_be_is_refused(long count, int width) =>
        Assert.Throws<InvalidDataException>(() => new PackedIds(new byte[16], count, width).Length);

    static long[] PackAndRead(long[] ids) => new PackedIds(Pack(ids, out int width), ids.Length, width).ToArray();

    static byte[] Pack(long[] ids, out int width)
    {
        width = PackedIds.WidthOf(ids);
        // What was there before must not show.
        byte[] bytes = new byte[PackedIds.BytesOf(ids.Length, width)];
        Array.Fill(bytes, (byte)0xA5);
        PackedIds.Pack(ids, width, bytes);
        return bytes;
    }
}

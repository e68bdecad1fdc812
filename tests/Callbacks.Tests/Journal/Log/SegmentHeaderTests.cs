using Callbacks.Journal.Log;
using Callbacks.Time;

namespace Callbacks.Tests.Journal.Log;

public sealed class SegmentHeaderTests
{
    static readonly Instant Noon = Instant.From(new DateTimeOffset(2026, 1, 1, 12, 0, 0, TimeSpan.Zero));

    [Theory]
    [InlineData(0)]
    [InlineData(1)]
    [InlineData(32)]
    public void What_was_written_is_read(int earlier)
    {
        SegmentHeader header = Header(earlier);
        byte[] block = Write(header);
        SegmentHeader read = SegmentHeader.Read(block, 77)!;
        Assert.Equal(header with { Earlier = [] }, read with { Earlier = [] });
        Assert.Equal(header.Earlier, read.Earlier);
    }

    [Fact]
    public void Nothing_of_what_the_block_held_before_stays()
    {
        byte[] block = new byte[Layout.SegmentHeaderBytes];
        Array.Fill(block, (byte)0xAB);
        Header(1).Write(block);
        Assert.Equal(Write(Header(1)), block);
    }

    [Fact]
    public void An_unused_file_another_segment_s_header_and_half_a_block_are_none()
    {
        Assert.Null(SegmentHeader.Read(new byte[Layout.SegmentHeaderBytes], 77));
        Assert.Null(SegmentHeader.Read([], 77));
        byte[] block = Write(Header(2));
        Assert.Null(SegmentHeader.Read(block, 78));
        Assert.Null(SegmentHeader.Read(block.AsSpan(0, 512), 77));
    }

    [Fact]
    public void Any_byte_that_is_not_as_it_was_written_makes_it_none()
    {
        byte[] block = Write(Header(32));
        int headerBytes = 64 + 32 * 24;
        for (int i = 0; i < headerBytes; i++)
        {
            foreach (byte mask in new byte[] { 0x01, 0x80, 0xFF })
            {
                block[i] ^= mask;
                Assert.Null(SegmentHeader.Read(block, 77));
                block[i] ^= mask;
            }
        }

        Assert.NotNull(SegmentHeader.Read(block, 77));
    }

    [Fact]
    public void A_whole_header_of_a_later_format_says_which_release_to_start()
    {
        byte[] block = Write(Header(1));
        block[12] = 3;
        int checkedBytes = 64 + 32 * 24;
        BitConverter.TryWriteBytes(block.AsSpan(8), Layout.Checksum(uint.MaxValue, block.AsSpan(12..checkedBytes)));
        InvalidDataException error = Assert.Throws<InvalidDataException>(() => SegmentHeader.Read(block, 77));
        Assert.Equal("Segment 77 has journal format 3; this release reads formats 1 to 2. Start the release that wrote it.", error.Message);
    }

    static SegmentHeader Header(int earlier) => new(
        Segment: 77, Tag: 0xDEAD_BEEF, LowestLive: 12, LastNumber: 0xFFFF_FFFF_FFFF, Noon,
        [.. Enumerable.Range(1, earlier).Select(i => new SegmentEnd((ulong)(77 - i), (uint)i * 0x1111_1111, 4096L * i + (1L << 33)))]);

    static byte[] Write(SegmentHeader header)
    {
        byte[] block = new byte[Layout.SegmentHeaderBytes];
        header.Write(block);
        return block;
    }
}

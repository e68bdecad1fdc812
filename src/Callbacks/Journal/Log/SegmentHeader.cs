using System.Buffers.Binary;
using Callbacks.Time;

namespace Callbacks.Journal.Log;

/// <summary>How far an earlier segment goes: bytes from <see cref="End"/> on don't exist, whatever they look like.</summary>
/// <param name="Tag">So that the segment can still be read when its own header is damaged.</param>
readonly record struct SegmentEnd(ulong Segment, uint Tag, long End);

/// <summary>
/// The first block of a segment, durable before anything in the segment is acknowledged. It says what a start must know of the
/// rest of the log without reading it.
/// </summary>
/// <param name="Tag">Of the life of the process that wrote the segment.</param>
/// <param name="LowestLive">Segments below are settled; one that is found all the same is removed.</param>
/// <param name="LastNumber">The highest number issued so far, to callbacks that were refused too.</param>
/// <param name="LastReceived">The newest receive time issued so far.</param>
/// <param name="Earlier">
/// The ends of the segments before, newest first. More than one, because a segment whose first write failed may have left none. One that
/// is missing here, because nobody knew its end, is read to where it stops making sense.
/// </param>
sealed record SegmentHeader(ulong Segment, uint Tag, ulong LowestLive, ulong LastNumber, Instant LastReceived, IReadOnlyList<SegmentEnd> Earlier)
{
    const ulong Magic = 0x4B43_4142_4C4C_4143; // "CALLBACK"
    const uint Version = 2;
    const uint OldestVersionRead = 1;
    const int FixedBytes = 64;
    const int EarlierBytes = 24;
    const int EarlierMax = 32;
    const int Bytes = FixedBytes + EarlierMax * EarlierBytes;

    public static SegmentHeader For(Segment segment, SegmentList segments, ulong lastNumber, Instant lastReceived)
    {
        Segment[] live = segments.ToArray();
        SegmentEnd[] earlier =
        [
            .. live.Where(other => other.Number < segment.Number && other.HasSureEnd).OrderByDescending(other => other.Number).Take(EarlierMax)
                .Select(other => new SegmentEnd(other.Number, other.Tag, other.End)),
        ];
        return new SegmentHeader(segment.Number, segment.Tag, live.Length > 0 ? live[0].Number : segment.Number, lastNumber, lastReceived, earlier);
    }

    public void Write(Span<byte> block)
    {
        block[..Layout.SegmentHeaderBytes].Clear();
        BinaryPrimitives.WriteUInt64LittleEndian(block, Magic);
        BinaryPrimitives.WriteUInt32LittleEndian(block[12..], Version);
        BinaryPrimitives.WriteUInt64LittleEndian(block[16..], Segment);
        BinaryPrimitives.WriteUInt32LittleEndian(block[24..], Tag);
        BinaryPrimitives.WriteInt32LittleEndian(block[28..], Earlier.Count);
        BinaryPrimitives.WriteUInt64LittleEndian(block[32..], LowestLive);
        BinaryPrimitives.WriteUInt64LittleEndian(block[40..], LastNumber);
        BinaryPrimitives.WriteInt64LittleEndian(block[48..], LastReceived.Microseconds);
        for (int i = 0; i < Earlier.Count; i++)
        {
            Span<byte> target = block[(FixedBytes + i * EarlierBytes)..];
            BinaryPrimitives.WriteUInt64LittleEndian(target, Earlier[i].Segment);
            BinaryPrimitives.WriteInt64LittleEndian(target[8..], Earlier[i].End);
            BinaryPrimitives.WriteUInt32LittleEndian(target[16..], Earlier[i].Tag);
        }

        BinaryPrimitives.WriteUInt32LittleEndian(block[8..], Layout.Checksum(uint.MaxValue, block[12..Bytes]));
    }

    /// <summary>Which segment a block that may be a header claims to belong to; <see cref="Read"/> proves it.</summary>
    public static ulong ReadNumber(ReadOnlySpan<byte> block) => block.Length < Bytes ? 0 : BinaryPrimitives.ReadUInt64LittleEndian(block[16..]);

    /// <summary>Null when the block holds no header of this segment: an unused file, a torn first write, or damage.</summary>
    /// <exception cref="InvalidDataException">The header is whole and of a format that this release does not read.</exception>
    public static SegmentHeader? Read(ReadOnlySpan<byte> block, ulong segment)
    {
        if (block.Length < Bytes || BinaryPrimitives.ReadUInt64LittleEndian(block) != Magic
            || BinaryPrimitives.ReadUInt32LittleEndian(block[8..]) != Layout.Checksum(uint.MaxValue, block[12..Bytes])
            || BinaryPrimitives.ReadUInt64LittleEndian(block[16..]) != segment)
            return null;

        uint version = BinaryPrimitives.ReadUInt32LittleEndian(block[12..]);
        if (version is < OldestVersionRead or > Version)
            throw new InvalidDataException($"Segment {segment} has journal format {version}; this release reads formats {OldestVersionRead} to {Version}. Start the release that wrote it.");

        var earlier = new SegmentEnd[BinaryPrimitives.ReadInt32LittleEndian(block[28..])];
        for (int i = 0; i < earlier.Length; i++)
        {
            ReadOnlySpan<byte> source = block[(FixedBytes + i * EarlierBytes)..];
            earlier[i] = new SegmentEnd(
                BinaryPrimitives.ReadUInt64LittleEndian(source), BinaryPrimitives.ReadUInt32LittleEndian(source[16..]), BinaryPrimitives.ReadInt64LittleEndian(source[8..]));
        }

        return new SegmentHeader(
            segment,
            BinaryPrimitives.ReadUInt32LittleEndian(block[24..]),
            BinaryPrimitives.ReadUInt64LittleEndian(block[32..]),
            BinaryPrimitives.ReadUInt64LittleEndian(block[40..]),
            new Instant(BinaryPrimitives.ReadInt64LittleEndian(block[48..])),
            earlier);
    }
}

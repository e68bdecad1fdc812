using System.Buffers.Binary;
using Callbacks.Time;

namespace Callbacks.Journal.Log;

/// <summary>The first 40 bytes of a group: what one write and one flush made durable together.</summary>
/// <param name="Bytes">Length of the header and the frames, without the padding to a whole block.</param>
/// <param name="Number">Counts up by one from 1 within the segment.</param>
/// <param name="Callbacks">How many of its frames are callbacks; their numbers follow one another.</param>
/// <param name="FirstNumber">Of its first callback; zero when it has none.</param>
/// <param name="LastReceived">Receive time of its last callback; zero when it has none.</param>
readonly record struct GroupHeader(int Bytes, ulong Number, uint Tag, int Callbacks, ulong FirstNumber, Instant LastReceived)
{
    public int PaddedBytes => Layout.WholeBlocks(Bytes);

    public static GroupHeader Read(ReadOnlySpan<byte> group) => new(
        BinaryPrimitives.ReadInt32LittleEndian(group[4..]),
        BinaryPrimitives.ReadUInt64LittleEndian(group[8..]),
        BinaryPrimitives.ReadUInt32LittleEndian(group[16..]),
        BinaryPrimitives.ReadInt32LittleEndian(group[20..]),
        BinaryPrimitives.ReadUInt64LittleEndian(group[24..]),
        new Instant(BinaryPrimitives.ReadInt64LittleEndian(group[32..])));

    /// <summary>Writes the header over the first bytes of a group whose frames are in place, checksum last.</summary>
    public void Write(Span<byte> group, ulong segment)
    {
        BinaryPrimitives.WriteInt32LittleEndian(group[4..], Bytes);
        BinaryPrimitives.WriteUInt64LittleEndian(group[8..], Number);
        BinaryPrimitives.WriteUInt32LittleEndian(group[16..], Tag);
        BinaryPrimitives.WriteInt32LittleEndian(group[20..], Callbacks);
        BinaryPrimitives.WriteUInt64LittleEndian(group[24..], FirstNumber);
        BinaryPrimitives.WriteInt64LittleEndian(group[32..], LastReceived.Microseconds);
        BinaryPrimitives.WriteUInt32LittleEndian(group, Layout.Checksum(Layout.Seed(Tag, segment), group[4..Bytes]));
    }

    /// <summary>Whether the length can be one; says nothing of the content.</summary>
    public bool IsPlausible => Bytes is >= Layout.GroupHeaderBytes and <= Layout.GroupBytesMax && Number > 0 && Bytes % 8 == 0;

    public bool Matches(ReadOnlySpan<byte> group, ulong segment) =>
        BinaryPrimitives.ReadUInt32LittleEndian(group) == Layout.Checksum(Layout.Seed(Tag, segment), group[4..Bytes]);
}

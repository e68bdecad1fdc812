using System.Numerics;
using System.Runtime.InteropServices;

namespace Callbacks.Journal.Log;

/// <summary>The sizes and the checksum that every part of the format shares. docs/journal-format.md has the picture.</summary>
static class Layout
{
    /// <summary>A group starts on such a boundary, so that no write touches a block that holds an acknowledged frame.</summary>
    public const int BlockBytes = 4096;

    /// <summary>A segment's header takes its first block; groups follow.</summary>
    public const int SegmentHeaderBytes = BlockBytes;

    public const int GroupHeaderBytes = 40;
    public const int CallbackHeaderBytes = 32;
    public const int SettledHeaderBytes = 8;

    /// <summary>Upper bound of one write. At 100 ids of three bytes a callback this is some 3,000 callbacks.</summary>
    public const int GroupBytesMax = 1 << 20;

    public const byte CallbackKind = 1;
    public const byte SettledKind = 2;

    /// <param name="width">Bytes an id.</param>
    public static int CallbackBytes(int ids, int width) => CallbackHeaderBytes + PackedIds.BytesOf(ids, width);

    public static int WholeBlocks(int bytes) => (bytes + BlockBytes - 1) & -BlockBytes;

    /// <summary>
    /// What a group's checksum starts from: a group that an earlier life left in a file that was used again, or that belongs to
    /// another segment, never checks out.
    /// </summary>
    public static uint Seed(uint tag, ulong segment) => BitOperations.Crc32C(BitOperations.Crc32C(uint.MaxValue, tag), segment);

    /// <summary>CRC-32C (Castagnoli), eight bytes at a time with the processor's own instruction.</summary>
    public static uint Checksum(uint seed, ReadOnlySpan<byte> bytes)
    {
        uint crc = seed;
        ReadOnlySpan<ulong> words = MemoryMarshal.Cast<byte, ulong>(bytes);
        foreach (ulong word in words)
            crc = BitOperations.Crc32C(crc, word);
        foreach (byte rest in bytes[(words.Length * sizeof(ulong))..])
            crc = BitOperations.Crc32C(crc, rest);
        return ~crc;
    }
}

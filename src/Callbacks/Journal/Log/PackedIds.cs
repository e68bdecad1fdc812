using System.Buffers.Binary;
using System.Numerics;
using System.Runtime.InteropServices;

namespace Callbacks.Journal.Log;

/// <summary>
/// The ids of a callback as they stand on disk: all in as many bytes as the widest of them needs. Numbers that are counted up need three or
/// four instead of eight, and so does all that is written, kept and read again. A view of the buffer that they were read into.
/// </summary>
readonly ref struct PackedIds
{
    readonly ReadOnlySpan<byte> _bytes;
    readonly int _width;

    /// <param name="bytes">Padded to whole words.</param>
    /// <param name="width">Bytes an id, 1 to 8.</param>
    /// <exception cref="InvalidDataException">There is no room for so many.</exception>
    public PackedIds(ReadOnlySpan<byte> bytes, long count, int width)
    {
        if (width is < 1 or > sizeof(long) || count < 0 || count > bytes.Length / width)
            throw new InvalidDataException($"{count} ids of {width} bytes each in a frame that has room for {bytes.Length} bytes of them.");
        _bytes = bytes;
        _width = width;
        Length = (int)count;
    }

    public PackedIds(ReadOnlySpan<long> ids)
        : this(MemoryMarshal.AsBytes(ids), ids.Length, sizeof(long))
    {
    }

    public int Length { get; }

    public long this[int index]
    {
        get
        {
            long id = 0;
            CopyTo(new Span<long>(ref id), index);
            return id;
        }
    }

    /// <summary>How many bytes each of these needs, its sign included.</summary>
    public static int WidthOf(ReadOnlySpan<long> ids)
    {
        long magnitudes = 0;
        foreach (long id in ids)
            magnitudes |= id ^ (id >> 63);
        return (64 - BitOperations.LeadingZeroCount((ulong)magnitudes)) / 8 + 1;
    }

    /// <summary>The room that so many take, in whole words.</summary>
    public static int BytesOf(int count, int width) => (count * width + sizeof(long) - 1) & -sizeof(long);

    /// <param name="target">Just <see cref="BytesOf"/> bytes; those that pad it become zero.</param>
    public static void Pack(ReadOnlySpan<long> ids, int width, Span<byte> target)
    {
        int at = 0;
        foreach (long id in ids)
        {
            if (target.Length - at >= sizeof(long))
            {
                // What goes beyond the width is overwritten by the next.
                BinaryPrimitives.WriteInt64LittleEndian(target[at..], id);
            }
            else
            {
                for (int i = 0; i < width; i++)
                    target[at + i] = (byte)(id >> (8 * i));
            }

            at += width;
        }

        target[at..].Clear();
    }

    /// <summary>As many as there is room for, from <paramref name="start"/> on.</summary>
    public void CopyTo(Span<long> target, int start)
    {
        int at = start * _width, lastWord = _bytes.Length - sizeof(long), spare = 8 * (sizeof(long) - _width);
        foreach (ref long id in target)
        {
            // The last ids have fewer than eight bytes behind their start: the last word holds them, too.
            int word = Math.Min(at, lastWord);
            id = BinaryPrimitives.ReadInt64LittleEndian(_bytes[word..]) >> (8 * (at - word)) << spare >> spare;
            at += _width;
        }
    }

    public long[] ToArray()
    {
        long[] ids = new long[Length];
        CopyTo(ids, 0);
        return ids;
    }
}

using System.Buffers.Binary;
using System.Runtime.InteropServices;
using Callbacks.Time;

namespace Callbacks.Journal.Log;

/// <summary>A callback as it stands in a group. The ids are a view of the buffer that it was read into.</summary>
readonly ref struct CallbackFrame(ulong number, Instant receivedAt, PackedIds ids)
{
    public CallbackFrame(ulong number, Instant receivedAt, ReadOnlySpan<long> ids)
        : this(number, receivedAt, new PackedIds(ids))
    {
    }

    public ulong Number { get; } = number;
    public Instant ReceivedAt { get; } = receivedAt;
    public PackedIds Ids { get; } = ids;

    /// <param name="width">Bytes an id, at least as many as the widest needs.</param>
    public static int Write(Span<byte> target, ulong number, Instant receivedAt, ReadOnlySpan<long> ids, int width)
    {
        int bytes = Layout.CallbackBytes(ids.Length, width);
        BinaryPrimitives.WriteUInt64LittleEndian(target, Layout.CallbackKind | (ulong)width << 8 | (ulong)bytes << 32);
        BinaryPrimitives.WriteUInt64LittleEndian(target[8..], number);
        BinaryPrimitives.WriteInt64LittleEndian(target[16..], receivedAt.Microseconds);
        BinaryPrimitives.WriteUInt64LittleEndian(target[24..], (ulong)ids.Length);
        PackedIds.Pack(ids, width, target[Layout.CallbackHeaderBytes..bytes]);
        return bytes;
    }
}

/// <summary>Settle marks: runs of callback numbers whose sightings all have their outcome. 48 bits of first number, 16 bits of length.</summary>
static class SettledRuns
{
    public const int RunLengthMax = ushort.MaxValue;

    public static ulong Pack(ulong first, int length) => first | (ulong)length << 48;

    public static (ulong First, int Length) Unpack(ulong run) => (run & 0xFFFF_FFFF_FFFF, (int)(run >> 48));
}

/// <summary>Walks the frames of a group that checked out; kinds that this release does not know are skipped.</summary>
ref struct FrameReader
{
    readonly ReadOnlySpan<byte> _group;
    int _offset;

    /// <param name="group">Header and frames of one whole group, eight-byte aligned.</param>
    public FrameReader(ReadOnlySpan<byte> group)
    {
        _group = group;
        _offset = Layout.GroupHeaderBytes;
    }

    public byte Kind { get; private set; }

    /// <summary>Valid when <see cref="Kind"/> is a callback.</summary>
    public CallbackFrame Callback { get; private set; }

    /// <summary>Valid when <see cref="Kind"/> is settled: see <see cref="SettledRuns.Unpack"/>.</summary>
    public ReadOnlySpan<ulong> Runs { get; private set; }

    public bool Next()
    {
        if (_offset + 8 > _group.Length)
            return false;

        ReadOnlySpan<byte> frame = _group[_offset..];
        Kind = frame[0];
        int bytes = BinaryPrimitives.ReadInt32LittleEndian(frame[4..]);
        if (bytes < 8 || bytes > frame.Length)
            throw new InvalidDataException($"A frame of {bytes} bytes at {_offset} of a group of {_group.Length} bytes whose checksum is right.");

        if (Kind == Layout.CallbackKind)
        {
            // Format 1 had no width: each id took eight bytes.
            int width = frame[1] == 0 ? sizeof(long) : frame[1];
            Callback = new CallbackFrame(
                BinaryPrimitives.ReadUInt64LittleEndian(frame[8..]),
                new Instant(BinaryPrimitives.ReadInt64LittleEndian(frame[16..])),
                new PackedIds(frame[Layout.CallbackHeaderBytes..bytes], BinaryPrimitives.ReadInt64LittleEndian(frame[24..]), width));
        }
        else if (Kind == Layout.SettledKind)
        {
            Runs = MemoryMarshal.Cast<byte, ulong>(frame[Layout.SettledHeaderBytes..bytes]);
        }

        _offset += bytes;
        return true;
    }
}

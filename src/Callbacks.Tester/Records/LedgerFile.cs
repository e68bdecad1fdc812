using System.Buffers;
using System.Buffers.Binary;
using System.Text;

namespace Callbacks.Tester.Records;

/// <summary>
/// The ledger's file. After the eight bytes <c>CBLEDG01</c> come records, little-endian: length of the rest (4), send start (8), send end
/// (8) and receive time (8) in microseconds of wall clock since 1970, outcome (1, see <see cref="PostOutcome"/>), status (2), length of the
/// callback's id (1), the callback's id in UTF-8, number of ids (4), then each id as a zigzag varint: two bytes for an id up to 8,191. In
/// the order in which the POSTs ended.
/// </summary>
static class LedgerFile
{
    const int FixedBytes = 4 + 8 + 8 + 8 + 1 + 2 + 1 + 4;
    const int VarintBytesMax = 10;

    static ReadOnlySpan<byte> Magic => "CBLEDG01"u8;

    /// <summary>Appends to what is there.</summary>
    public static RecordWriter<PostRecord> Open(string path, TimeProvider time) =>
        RecordWriter<PostRecord>.Start(RecordFile.OpenToAppend(path, Magic, Whole), Encode, time);

    /// <summary>An incomplete record at the end, left by a kill, is not read.</summary>
    public static IEnumerable<PostRecord> Read(string path)
    {
        byte[] bytes = RecordFile.ReadAll(path, Magic);
        long end = Whole(bytes);
        for (int position = RecordFile.MagicBytes; position < end;)
        {
            int length = BinaryPrimitives.ReadInt32LittleEndian(bytes.AsSpan(position));
            yield return Decode(bytes.AsSpan(position + 4, length));
            position += 4 + length;
        }
    }

    public static void Encode(PostRecord post, IBufferWriter<byte> buffer)
    {
        int callbackIdBytes = Encoding.UTF8.GetByteCount(post.CallbackId);
        if (callbackIdBytes > byte.MaxValue)
            throw new ArgumentException($"A callback's id of {callbackIdBytes} bytes; 255 at most.", nameof(post));

        Span<byte> record = buffer.GetSpan(FixedBytes + callbackIdBytes + post.Ids.Count * VarintBytesMax);
        BinaryPrimitives.WriteInt64LittleEndian(record[4..], post.SendStart);
        BinaryPrimitives.WriteInt64LittleEndian(record[12..], post.SendEnd);
        BinaryPrimitives.WriteInt64LittleEndian(record[20..], post.ReceivedAt);
        record[28] = (byte)post.Outcome;
        BinaryPrimitives.WriteUInt16LittleEndian(record[29..], post.Status);
        record[31] = (byte)callbackIdBytes;
        int position = 32 + Encoding.UTF8.GetBytes(post.CallbackId, record[32..]);
        BinaryPrimitives.WriteInt32LittleEndian(record[position..], post.Ids.Count);
        position += 4;
        foreach (long id in post.Ids)
            position += WriteVarint(record[position..], id);
        BinaryPrimitives.WriteInt32LittleEndian(record, position - 4);
        buffer.Advance(position);
    }

    static PostRecord Decode(ReadOnlySpan<byte> record)
    {
        int callbackIdBytes = record[27];
        string callbackId = Encoding.UTF8.GetString(record.Slice(28, callbackIdBytes));
        int position = 28 + callbackIdBytes;
        long[] ids = new long[BinaryPrimitives.ReadInt32LittleEndian(record[position..])];
        position += 4;
        for (int index = 0; index < ids.Length; index++)
            ids[index] = ReadVarint(record, ref position);

        return new PostRecord(
            BinaryPrimitives.ReadInt64LittleEndian(record),
            BinaryPrimitives.ReadInt64LittleEndian(record[8..]),
            (PostOutcome)record[24],
            BinaryPrimitives.ReadUInt16LittleEndian(record[25..]),
            BinaryPrimitives.ReadInt64LittleEndian(record[16..]),
            callbackId,
            ids);
    }

    static long Whole(byte[] bytes)
    {
        long position = RecordFile.MagicBytes;
        while (position + 4 <= bytes.Length)
        {
            int length = BinaryPrimitives.ReadInt32LittleEndian(bytes.AsSpan((int)position));
            if (length < FixedBytes - 4 || position + 4 + length > bytes.Length)
                break;
            position += 4 + length;
        }

        return position;
    }

    static int WriteVarint(Span<byte> target, long value)
    {
        ulong rest = (ulong)((value << 1) ^ (value >> 63));
        int count = 0;
        for (; rest >= 0x80; rest >>= 7)
            target[count++] = (byte)(rest | 0x80);
        target[count++] = (byte)rest;
        return count;
    }

    static long ReadVarint(ReadOnlySpan<byte> source, ref int position)
    {
        ulong value = 0;
        for (int shift = 0; ; shift += 7)
        {
            byte next = source[position++];
            value |= (ulong)(next & 0x7F) << shift;
            if (next < 0x80)
                return (long)(value >> 1) ^ -(long)(value & 1);
        }
    }
}

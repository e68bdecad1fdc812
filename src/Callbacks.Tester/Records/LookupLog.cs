using System.Buffers;
using System.Buffers.Binary;

namespace Callbacks.Tester.Records;

/// <summary>
/// The lookup log's file. After the eight bytes <c>CBLOOK01</c> come records of 32 bytes, little-endian:
/// id (8), start (8) and end (8) in microseconds of wall clock since 1970, outcome (1, see <see cref="LookupOutcome"/>), 1 unused byte,
/// status (2), 4 unused. In the order in which the lookups ended.
/// </summary>
static class LookupLog
{
    const int RecordBytes = 32;

    static ReadOnlySpan<byte> Magic => "CBLOOK01"u8;

    /// <summary>Appends to what is there.</summary>
    public static RecordWriter<LookupRecord> Open(string path, TimeProvider time) => RecordWriter<LookupRecord>.Start(
        RecordFile.OpenToAppend(path, Magic, bytes => bytes.Length - Tail(bytes.Length)), Encode, time);

    /// <summary>An incomplete record at the end, left by a kill, is not read.</summary>
    public static LookupRecord[] Read(string path)
    {
        byte[] bytes = RecordFile.ReadAll(path, Magic);
        var records = new LookupRecord[(bytes.Length - RecordFile.MagicBytes) / RecordBytes];
        for (int index = 0; index < records.Length; index++)
        {
            ReadOnlySpan<byte> record = bytes.AsSpan(RecordFile.MagicBytes + index * RecordBytes, RecordBytes);
            records[index] = new LookupRecord(
                BinaryPrimitives.ReadInt64LittleEndian(record),
                BinaryPrimitives.ReadInt64LittleEndian(record[8..]),
                BinaryPrimitives.ReadInt64LittleEndian(record[16..]),
                (LookupOutcome)record[24],
                BinaryPrimitives.ReadUInt16LittleEndian(record[26..]));
        }

        return records;
    }

    static int Tail(int length) => (length - RecordFile.MagicBytes) % RecordBytes;

    static void Encode(LookupRecord lookup, IBufferWriter<byte> buffer)
    {
        Span<byte> record = buffer.GetSpan(RecordBytes)[..RecordBytes];
        record.Clear();
        BinaryPrimitives.WriteInt64LittleEndian(record, lookup.Id);
        BinaryPrimitives.WriteInt64LittleEndian(record[8..], lookup.Start);
        BinaryPrimitives.WriteInt64LittleEndian(record[16..], lookup.End);
        record[24] = (byte)lookup.Outcome;
        BinaryPrimitives.WriteUInt16LittleEndian(record[26..], lookup.Status);
        buffer.Advance(RecordBytes);
    }
}

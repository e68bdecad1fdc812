using System.Buffers.Binary;
using Callbacks.Journal.Disk;

namespace Callbacks.Journal.Log;

/// <summary>
/// Finds out whose a segment without a valid header is: a group's header tells its tag, and its checksum proves it. The segment's header goes
/// out with the first group, so a first group alone may be what a crash left of that write; a later one proves that the header was whole once.
/// </summary>
static class TagSearch
{
    /// <summary>Null when there is no group: the file is unused, or so damaged that nobody knows.</summary>
    /// <param name="isDamaged">It had a header once, or a part of it can't be read.</param>
    public static uint? Run(IJournalFile file, ulong number, out bool isDamaged)
    {
        isDamaged = false;
        uint? tag = null;
        long length = file.Length;
        byte[] buffer = new byte[Math.Min(Layout.GroupBytesMax, length)];
        for (long offset = Layout.SegmentHeaderBytes; offset < length; offset += Layout.BlockBytes)
        {
            isDamaged |= !TryRead(file, buffer.AsSpan(0, Math.Min(Layout.GroupHeaderBytes, buffer.Length)), offset, out int read);
            if (read < Layout.GroupHeaderBytes || BinaryPrimitives.ReadUInt64LittleEndian(buffer.AsSpan(8)) == 0)
                continue;
            GroupHeader header = GroupHeader.Read(buffer);
            if (!header.IsPlausible || header.Bytes > length - offset)
                continue;
            isDamaged |= !TryRead(file, buffer.AsSpan(0, header.Bytes), offset, out read);
            if (read != header.Bytes || !header.Matches(buffer.AsSpan(0, read), number))
                continue;
            tag = header.Tag;
            if (header.Number == 1)
                continue;
            isDamaged = true;
            break;
        }

        return tag;
    }

    /// <summary>False when the disk can't read it.</summary>
    public static bool TryRead(IJournalFile file, Span<byte> buffer, long offset, out int read)
    {
        read = 0;
        try
        {
            read = file.Read(buffer, offset);
            return true;
        }
        catch (IOException)
        {
            return false;
        }
    }
}

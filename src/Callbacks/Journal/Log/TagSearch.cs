using System.Buffers.Binary;
using Callbacks.Journal.Disk;

namespace Callbacks.Journal.Log;

/// <summary>
/// Finds out whose a segment without a valid header is: a group's header tells its tag, and its checksum proves it. The segment's header goes
/// out with the first group, so a first group alone may be what a crash left of that write; a later one proves that the header was whole once.
/// </summary>
static class TagSearch
{
    /// <summary>Null when there is no group: the file is unused.</summary>
    public static uint? Run(IJournalFile file, ulong number, out bool isDamaged)
    {
        isDamaged = false;
        uint? tag = null;
        long length = file.Length;
        byte[] buffer = new byte[Math.Min(Layout.GroupBytesMax, length)];
        for (long offset = Layout.SegmentHeaderBytes; offset < length; offset += Layout.BlockBytes)
        {
            int read = file.Read(buffer.AsSpan(0, Math.Min(Layout.GroupHeaderBytes, buffer.Length)), offset);
            if (read < Layout.GroupHeaderBytes || BinaryPrimitives.ReadUInt64LittleEndian(buffer.AsSpan(8)) == 0)
                continue;
            GroupHeader header = GroupHeader.Read(buffer);
            if (!header.IsPlausible || header.Bytes > length - offset)
                continue;
            read = file.Read(buffer.AsSpan(0, header.Bytes), offset);
            if (read != header.Bytes || !header.Matches(buffer.AsSpan(0, read), number))
                continue;
            tag = header.Tag;
            isDamaged = header.Number > 1;
            if (isDamaged)
                break;
        }

        return tag;
    }
}

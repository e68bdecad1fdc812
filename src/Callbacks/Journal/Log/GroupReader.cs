using System.Runtime.InteropServices;
using Callbacks.Journal.Disk;

namespace Callbacks.Journal.Log;

/// <summary>
/// Reads groups from segments, through the page cache, in chunks: small groups in a row cost one system call together. Not safe
/// for use by several threads. Spans that it returns are valid until the next call.
/// </summary>
sealed class GroupReader
{
    const int ChunkBytes = 128 << 10;

    // Words, so that the numbers in the frames are aligned.
    ulong[] _words = [];
    Segment? _segment;
    long _chunkOffset;
    int _chunkBytes;

    /// <summary>Highest offset of a block that the disk could not read since the last <see cref="Clear"/>; negative when there was none.</summary>
    public long LastUnreadable { get; private set; } = -1;

    /// <summary>The header at <paramref name="offset"/>; false when it can't be one of this segment.</summary>
    /// <param name="limit">Nothing at or beyond it is looked at.</param>
    public bool TryReadHeader(Segment segment, long offset, long limit, out GroupHeader header)
    {
        header = default;
        if (limit - offset < Layout.GroupHeaderBytes)
            return false;
        ReadOnlySpan<byte> bytes = Read(segment, offset, Layout.GroupHeaderBytes, limit);
        if (bytes.Length < Layout.GroupHeaderBytes)
            return false;
        header = GroupHeader.Read(bytes);
        return header.IsPlausible && header.Tag == segment.Tag && header.Bytes <= limit - offset;
    }

    /// <summary>The whole group whose header stands at <paramref name="offset"/>; empty when its checksum is wrong.</summary>
    public ReadOnlySpan<byte> ReadGroup(Segment segment, long offset, long limit, in GroupHeader header)
    {
        ReadOnlySpan<byte> group = Read(segment, offset, header.Bytes, limit);
        return group.Length == header.Bytes && header.Matches(group, segment.Number) ? group : [];
    }

    /// <summary>Forgets what it holds: the file has gone, or is about to be written by somebody else.</summary>
    public void Clear() => (_segment, _chunkBytes, LastUnreadable) = (null, 0, -1);

    /// <summary>A block that the disk can't read any more is damage like any other: it reads as zeros, and checks out as nothing.</summary>
    int Read(IJournalFile file, Span<byte> buffer, long offset)
    {
        try
        {
            return file.Read(buffer, offset);
        }
        catch (IOException)
        {
            for (int start = 0; start < buffer.Length; start += Layout.BlockBytes)
            {
                Span<byte> block = buffer.Slice(start, Math.Min(Layout.BlockBytes, buffer.Length - start));
                try
                {
                    block[file.Read(block, offset + start)..].Clear();
                }
                catch (IOException)
                {
                    block.Clear();
                    LastUnreadable = Math.Max(LastUnreadable, offset + start);
                }
            }

            return buffer.Length;
        }
    }

    ReadOnlySpan<byte> Read(Segment segment, long offset, int bytes, long limit)
    {
        if (segment != _segment || offset < _chunkOffset || offset + bytes > _chunkOffset + _chunkBytes)
        {
            int wanted = (int)Math.Min(Math.Max(bytes, ChunkBytes), limit - offset);
            if (wanted > _words.Length * sizeof(ulong))
                // A file may be shorter than a later header says that its segment is.
                _words = new ulong[((wanted > ChunkBytes ? Layout.GroupBytesMax + Layout.BlockBytes : Math.Max(wanted, Math.Min(ChunkBytes, segment.Bytes))) + sizeof(ulong) - 1) / sizeof(ulong)];
            (_segment, _chunkOffset) = (null, offset);
            _chunkBytes = Read(segment.File, MemoryMarshal.AsBytes(_words.AsSpan())[..wanted], offset);
            _segment = segment;
        }

        int start = (int)(offset - _chunkOffset);
        return MemoryMarshal.AsBytes(_words.AsSpan()).Slice(start, Math.Min(bytes, _chunkBytes - start));
    }
}

using Microsoft.Win32.SafeHandles;

namespace Callbacks.Journal.Disk;

/// <summary>A file that is only looked at, and that another process may be writing.</summary>
sealed class ReadOnlyFile(string path) : IJournalFile
{
    readonly SafeFileHandle _handle = Posix.OpenForReading(path);

    public long Length => RandomAccess.GetLength(_handle);

    public int Read(Span<byte> buffer, long offset)
    {
        int total = 0;
        while (total < buffer.Length && RandomAccess.Read(_handle, buffer[total..], offset + total) is var read and > 0)
            total += read;
        return total;
    }

    public void Write(ReadOnlySpan<byte> buffer, long offset) => throw new NotSupportedException("This file is only read.");

    public void Flush() => throw new NotSupportedException("This file is only read.");

    public void Shorten(long length) => throw new NotSupportedException("This file is only read.");

    public void Dispose() => _handle.Dispose();
}

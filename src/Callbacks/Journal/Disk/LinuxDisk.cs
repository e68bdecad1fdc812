using Microsoft.Win32.SafeHandles;

namespace Callbacks.Journal.Disk;

/// <summary>A real folder. Creates it when it is missing and its parent is there to take it.</summary>
sealed class LinuxDisk : IJournalDisk
{
    public const string LockName = "lock";

    readonly SafeFileHandle _folder;
    SafeFileHandle? _lock;

    public LinuxDisk(string path)
    {
        Path = System.IO.Path.GetFullPath(path);
        CreateFolder(Path);
        _folder = Posix.OpenDirectory(Path);
    }

    public string Path { get; }

    public bool TryLock()
    {
        _lock ??= Posix.OpenForLocking(FullName(LockName));
        return Posix.TryLock(_lock, FullName(LockName));
    }

    public IReadOnlyList<string> List() => [.. Directory.EnumerateFiles(Path).Select(file => System.IO.Path.GetFileName(file)!)];

    public IJournalFile Create(string name) => new LinuxFile(OpenHandle(name, FileMode.CreateNew), FullName(name));

    public IJournalFile Open(string name) => new LinuxFile(OpenHandle(name, FileMode.Open), FullName(name));

    public void Rename(string from, string to) => File.Move(FullName(from), FullName(to));

    public void Delete(string name) => File.Delete(FullName(name));

    public void FlushFolder() => Posix.Flush(_folder, Path);

    public void Dispose()
    {
        _lock?.Dispose();
        _folder.Dispose();
    }

    /// <summary>The folder's own name has to survive a power cut, too, and the names of those above it that are new.</summary>
    static void CreateFolder(string path)
    {
        if (Directory.Exists(path))
            return;
        string parent = System.IO.Path.GetDirectoryName(path)!;
        CreateFolder(parent);
        Directory.CreateDirectory(path);
        using SafeFileHandle handle = Posix.OpenDirectory(parent);
        Posix.Flush(handle, parent);
    }

    string FullName(string name) => System.IO.Path.Combine(Path, name);

    // Share modes are advisory locks on Linux; with all of them allowed they keep nobody out, for that is the folder's lock's job.
    SafeFileHandle OpenHandle(string name, FileMode mode) =>
        File.OpenHandle(FullName(name), mode, FileAccess.ReadWrite, FileShare.ReadWrite | FileShare.Delete);

    sealed class LinuxFile(SafeFileHandle handle, string path) : IJournalFile
    {
        public long Length => RandomAccess.GetLength(handle);

        public int Read(Span<byte> buffer, long offset)
        {
            int total = 0;
            while (total < buffer.Length)
            {
                int read = RandomAccess.Read(handle, buffer[total..], offset + total);
                if (read == 0)
                    break;
                total += read;
            }

            return total;
        }

        // Goes on after a short write, and throws what pwrite reports.
        public void Write(ReadOnlySpan<byte> buffer, long offset)
        {
            try
            {
                RandomAccess.Write(handle, buffer, offset);
            }
            catch (ArgumentOutOfRangeException exception)
            {
                // That is what .NET makes of EFBIG: the file system's limit, or the process's own (ulimit -f).
                throw new IOException($"write of '{path}' failed: the file may not be that large.", exception);
            }
        }

        public void Flush() => Posix.FlushData(handle, path);

        public void Shorten(long length) => RandomAccess.SetLength(handle, length);

        public void Dispose() => handle.Dispose();
    }
}

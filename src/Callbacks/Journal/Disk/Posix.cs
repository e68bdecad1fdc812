using System.Runtime.InteropServices;
using Microsoft.Win32.SafeHandles;

namespace Callbacks.Journal.Disk;

/// <summary>
/// The system calls that .NET has no faithful way to make: on Linux <c>RandomAccess.FlushToDisk</c> and <c>FileStream.Flush(true)</c>
/// return as if all were well when the kernel reports a failed flush, and folders can't be flushed at all.
/// </summary>
static partial class Posix
{
    const int NoSuchFile = 2;
    const int Interrupted = 4;
    const int WouldBlock = 11;
    const int OpenFolder = 0x10000 | 0x80000; // O_DIRECTORY | O_CLOEXEC, read-only
    const int OpenToRead = 0x80000; // O_RDONLY | O_CLOEXEC
    const int OpenOrCreate = 2 | 0x40 | 0x80000; // O_RDWR | O_CREAT | O_CLOEXEC
    const int LockExclusiveNow = 2 | 4; // LOCK_EX | LOCK_NB
    const int MayWrite = 2; // W_OK
    const int MaySearch = 1; // X_OK

    public static void FlushData(SafeFileHandle file, string path) => Check(() => FDataSync(file), "fdatasync", path);

    public static void Flush(SafeFileHandle folder, string path) => Check(() => FSync(folder), "fsync", path);

    public static SafeFileHandle OpenDirectory(string path)
    {
        SafeFileHandle handle = Open(path, OpenFolder, 0);
        if (handle.IsInvalid)
            throw Failure("open", path);
        return handle;
    }

    /// <summary>
    /// Opens or creates a file to lock. .NET's own way to open takes a shared lock on every file, and fails when another process holds an
    /// exclusive one, with a message that says nothing of it.
    /// </summary>
    public static SafeFileHandle OpenForLocking(string path)
    {
        SafeFileHandle handle = Open(path, OpenOrCreate, 0b110_100_100);
        if (handle.IsInvalid)
            throw Failure("open", path);
        return handle;
    }

    /// <summary>Opens a file that another process may be writing, without the shared lock that .NET's own way to open takes.</summary>
    /// <exception cref="FileNotFoundException">There is none of this name.</exception>
    public static SafeFileHandle OpenForReading(string path)
    {
        SafeFileHandle handle = Open(path, OpenToRead, 0);
        if (!handle.IsInvalid)
            return handle;
        IOException failure = Failure("open", path);
        throw Marshal.GetLastPInvokeError() == NoSuchFile ? new FileNotFoundException(failure.Message, path, failure) : failure;
    }

    /// <summary>False when another process holds the lock. The lock ends with the handle.</summary>
    public static bool TryLock(SafeFileHandle file, string path)
    {
        if (FLock(file, LockExclusiveNow) == 0)
            return true;
        return Marshal.GetLastPInvokeError() == WouldBlock ? false : throw Failure("flock", path);
    }

    /// <summary>What the kernel would say to writing there, without writing. Of a folder: to files being made in it.</summary>
    /// <returns>Null when it may be written, or isn't there any more.</returns>
    public static string? WhyNotWritable(string path)
    {
        int mode = Directory.Exists(path) ? MayWrite | MaySearch : MayWrite;
        return Access(path, mode) == 0 || Marshal.GetLastPInvokeError() == NoSuchFile ? null : Marshal.GetPInvokeErrorMessage(Marshal.GetLastPInvokeError());
    }

    static void Check(Func<int> call, string name, string path)
    {
        while (call() != 0)
        {
            if (Marshal.GetLastPInvokeError() != Interrupted)
                throw Failure(name, path);
        }
    }

    static IOException Failure(string call, string path)
    {
        int error = Marshal.GetLastPInvokeError();
        return new IOException($"{call} of '{path}' failed: {Marshal.GetPInvokeErrorMessage(error)} (errno {error}).", error);
    }

    [LibraryImport("libc", EntryPoint = "fdatasync", SetLastError = true)]
    private static partial int FDataSync(SafeFileHandle file);

    [LibraryImport("libc", EntryPoint = "fsync", SetLastError = true)]
    private static partial int FSync(SafeFileHandle file);

    [LibraryImport("libc", EntryPoint = "flock", SetLastError = true)]
    private static partial int FLock(SafeFileHandle file, int operation);

    [LibraryImport("libc", EntryPoint = "access", SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    private static partial int Access(string path, int mode);

    [LibraryImport("libc", EntryPoint = "open", SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    private static partial SafeFileHandle Open(string path, int flags, uint mode);
}

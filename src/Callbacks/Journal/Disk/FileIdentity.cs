using System.Runtime.InteropServices;

namespace Callbacks.Journal.Disk;

/// <summary>What the kernel knows a file by, under whatever name: device and inode.</summary>
readonly partial record struct FileIdentity(uint Major, uint Minor, ulong Inode)
{
    const int CurrentFolder = -100; // AT_FDCWD
    const uint InodeWanted = 0x100; // STATX_INO

    // Unlike stat's, the layout of statx's result is the same on every machine.
    const int ResultBytes = 256;
    const int InodeOffset = 32;
    const int MajorOffset = 136;
    const int MinorOffset = 140;

    /// <summary>Null when there is no such file, or it may not be seen.</summary>
    public static FileIdentity? Of(string path)
    {
        Span<byte> result = stackalloc byte[ResultBytes];
        if (StatX(CurrentFolder, path, 0, InodeWanted, ref MemoryMarshal.GetReference(result)) != 0)
            return null;
        return new FileIdentity(
            MemoryMarshal.Read<uint>(result[MajorOffset..]), MemoryMarshal.Read<uint>(result[MinorOffset..]), MemoryMarshal.Read<ulong>(result[InodeOffset..]));
    }

    [LibraryImport("libc", EntryPoint = "statx", StringMarshalling = StringMarshalling.Utf8)]
    private static partial int StatX(int folder, string path, int flags, uint mask, ref byte result);
}

using System.Globalization;
using Callbacks.Journal.Disk;

namespace Callbacks.Journal.Tools;

/// <summary>
/// Which process uses a journal's folder. Trying the lock would tell, too, and refuse the start of a service that tries it at the same moment;
/// so the kernel's list of locks is read instead, which touches nothing. It names the processes that can be seen from here: not those of
/// another container.
/// </summary>
static class LockHolder
{
    const string KernelLocks = "/proc/locks";

    /// <summary>Null when none is seen.</summary>
    public static int? Find(string folder)
    {
        string path = Path.Combine(folder, LinuxDisk.LockName);
        return File.Exists(KernelLocks) && FileIdentity.Of(path) is { } file ? Find(File.ReadLines(KernelLocks), file, process => HasOpen(process, path)) : null;
    }

    /// <param name="locks">Lines such as <c>4: FLOCK  ADVISORY  WRITE 6097 fe:00:11666014 0 EOF</c>.</param>
    /// <param name="file">That is locked.</param>
    /// <param name="hasOpen">Asked when the device is another: some file systems show one to programs and keep another to themselves.</param>
    public static int? Find(IEnumerable<string> locks, FileIdentity file, Func<int, bool> hasOpen)
    {
        foreach (string line in locks)
        {
            if (line.Split(' ', StringSplitOptions.RemoveEmptyEntries) is not [_, "FLOCK", _, "WRITE", var process, var locked, ..]
                || locked.Split(':') is not [var major, var minor, var inode]
                || !int.TryParse(process, NumberStyles.None, CultureInfo.InvariantCulture, out int id)
                || !ulong.TryParse(inode, NumberStyles.None, CultureInfo.InvariantCulture, out ulong number) || number != file.Inode)
                continue;
            bool isSameDevice = uint.TryParse(major, NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture, out uint majorNumber) && majorNumber == file.Major
                && uint.TryParse(minor, NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture, out uint minorNumber) && minorNumber == file.Minor;
            if (isSameDevice || hasOpen(id))
                return id;
        }

        return null;
    }

    static bool HasOpen(int process, string path)
    {
        try
        {
            return Directory.EnumerateFiles(string.Create(CultureInfo.InvariantCulture, $"/proc/{process}/fd")).Any(file => new FileInfo(file).LinkTarget == path);
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            return false;
        }
    }
}

using System.Globalization;

namespace Callbacks.Configuration;

/// <summary>How many files and sockets this process may have open.</summary>
static class FileDescriptors
{
    /// <summary>Files that are neither a lookup's nor a sender's: segments, PostgreSQL, the runtime's own.</summary>
    public const int Other = 500;

    /// <summary>Null where the system doesn't tell.</summary>
    public static long? ReadLimit()
    {
        const string Line = "Max open files";
        // "Max open files            20000                20000                files": the hard limit counts, .NET raises the soft one to it.
        string? line = File.Exists("/proc/self/limits") ? File.ReadLines("/proc/self/limits").FirstOrDefault(line => line.StartsWith(Line, StringComparison.Ordinal)) : null;
        string[] words = line?[Line.Length..].Split(' ', StringSplitOptions.RemoveEmptyEntries) ?? [];
        return words.Length > 1 && long.TryParse(words[1], NumberStyles.None, CultureInfo.InvariantCulture, out long limit) ? limit : null;
    }
}

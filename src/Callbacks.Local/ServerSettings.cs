using System.Collections.ObjectModel;

namespace Callbacks.Local;

/// <summary>What PostgreSQL is told beyond its defaults on a machine that it shares with the service only. Nothing of it touches durability.</summary>
static class ServerSettings
{
    const long Mebi = 1024 * 1024, BuffersMinMebi = 128, BuffersMaxMebi = 2048;

    /// <summary>For the memory that this process may use: in a container, by the runtime's own rule, three quarters of its limit.</summary>
    public static IReadOnlyDictionary<string, string> Here => For(GC.GetGCMemoryInfo().TotalAvailableMemoryBytes);

    /// <param name="memoryBytes">Of the machine.</param>
    public static IReadOnlyDictionary<string, string> For(long memoryBytes) => new ReadOnlyDictionary<string, string>(
        new Dictionary<string, string>(StringComparer.Ordinal)
        {
            // An eighth: half of what PostgreSQL's manual begins with, for the machine isn't its alone. With the default of 128 MB the pages of a table of ten million rows
            // go to and fro between here and the kernel, and a row costs twice the CPU. What nothing is kept in isn't taken.
            ["shared_buffers"] = $"{Math.Clamp(memoryBytes / 8 / Mebi, BuffersMinMebi, BuffersMaxMebi)}MB",
            // `max_wal_size` stays at its 1 GB. With 4, fewer pages are logged whole and a row costs less; but a server that was killed then replayed for 41 s, longer than the retention.
        });
}

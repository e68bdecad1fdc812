using System.Diagnostics;
using System.Globalization;

namespace Callbacks.SystemTests.Local;

static class Processes
{
    /// <summary>Of all threads of the process.</summary>
    public static int[] ChildrenOf(int id) =>
    [
        .. Directory.GetDirectories($"/proc/{id}/task")
            .SelectMany(thread => File.ReadAllText(thread + "/children").Split(' ', StringSplitOptions.RemoveEmptyEntries))
            .Select(child => int.Parse(child, CultureInfo.InvariantCulture)),
    ];

    /// <summary>Waits for a process that need not be our child. A zombie counts as gone: it is its new parent's to bury.</summary>
    public static async Task GoneAsync(int id, TimeSpan deadline)
    {
        try
        {
            using var process = Process.GetProcessById(id);
            await process.WaitForExitAsync().WaitAsync(deadline);
        }
        catch (ArgumentException)
        {
            // It's gone.
        }
    }
}

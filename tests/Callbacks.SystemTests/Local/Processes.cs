using System.Diagnostics;

namespace Callbacks.SystemTests.Local;

static class Processes
{
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

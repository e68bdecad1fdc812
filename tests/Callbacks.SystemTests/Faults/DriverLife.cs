using Callbacks.Local;
using Callbacks.SystemTests.Acceptance;

namespace Callbacks.SystemTests.Faults;

/// <summary>What one life of the journal driver said, and how it ended.</summary>
sealed record DriverLife(int ExitCode, IReadOnlyList<string> Lines)
{
    public const int Killed = 128 + (int)Signal.Kill;
    public const int Unusable = 78;

    static readonly TimeSpan Deadline = TimeSpan.FromSeconds(60);

    /// <summary>For messages: all but the ids.</summary>
    public string Transcript => string.Join('\n', Lines.Where(line => !line.StartsWith("found ", StringComparison.Ordinal)).TakeLast(40));

    /// <param name="folder">The journal's.</param>
    /// <param name="first">Index of the first callback to send.</param>
    /// <param name="rounds">Of four callbacks each; 0: only what is there is found and settled.</param>
    /// <param name="injection">Null: the life is left alone.</param>
    /// <param name="trace">File for the calls that were made.</param>
    public static async Task<DriverLife> RunAsync(string folder, long first, int rounds, Injection? injection = null, string? trace = null)
    {
        ChildStart driver = Programs.JournalDriver(folder, $"{first}", $"{rounds}");
        if (injection is not null || trace is not null)
            driver = Strace.Under(driver, folder, injection, trace);
        return await RunAsync(driver);
    }

    /// <param name="driver">The driver, whatever is put around it.</param>
    public static async Task<DriverLife> RunAsync(ChildStart driver)
    {
        var lines = new List<string>();
        await using ChildProcess child = ChildProcess.Start(driver with { OnLine = lines.Add });
        return new DriverLife(await child.Exited.WaitAsync(Deadline), lines);
    }
}

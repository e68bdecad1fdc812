using Callbacks.Local;
using Callbacks.SystemTests.Acceptance;

namespace Callbacks.SystemTests.Benches;

/// <summary>
/// Each bench with sides of a second or two: that it runs, writes its report, and that both sides do what they should (each bench counts
/// on both ends). No time is judged.
/// </summary>
static class BenchTrial
{
    static readonly TimeSpan Deadline = TimeSpan.FromMinutes(2);

    static int _count;

    /// <summary>Returns what it said.</summary>
    public static async Task<string> RunAsync(ITestOutputHelper output, string bench, string? program = null, params string[] flags)
    {
        bool isCi = Environment.GetEnvironmentVariable("CI") is "true";
        Assert.SkipWhen(!ServerPrograms.FindAll().Any() && !isCi, "PostgreSQL is not installed.");
        Assert.SkipWhen(program is not null && !IsInstalled(program) && !isCi, $"{program} is not installed.");
        // Named as all folders of a test run are, with its process: the next run removes what a killed one left.
        string results = Directory.CreateDirectory(
            Path.Combine(Path.GetTempPath(), $"callback-test-{Environment.ProcessId}-bench-{Interlocked.Increment(ref _count)}")).FullName;
        try
        {
            // A machine that others keep busy may refuse some callbacks for their lateness; twice it doesn't, as a rule.
            string said = await RunAsync(bench, results, flags, output) ?? await RunAsync(bench, results, flags, output) ?? "";
            Assert.Contains("nothing judged", said, StringComparison.Ordinal);
            return said;
        }
        finally
        {
            Directory.Delete(results, recursive: true);
        }
    }

    /// <summary>Null when it was not as it should be, which it has said then.</summary>
    static async Task<string?> RunAsync(string bench, string results, string[] flags, ITestOutputHelper output)
    {
        var lines = new Transcript();
        await using ChildProcess process = ChildProcess.Start(
            Programs.Bench([bench, "--smoke", "--seconds", "1", "--results", results, .. flags]) with { OnLine = lines.Add });
        await Task.WhenAny(process.Exited, Task.Delay(Deadline, TimeProvider.System));
        output.WriteLine($"{lines}");
        if (!process.Exited.IsCompletedSuccessfully || await process.Exited != 0)
            return null;
        Assert.NotEmpty(Directory.GetFiles(results, $"{bench}-*.json"));
        string page = await File.ReadAllTextAsync(Directory.GetFiles(results, $"{bench}-*.html").Max(StringComparer.Ordinal)!);
        Assert.Contains("<svg", page, StringComparison.Ordinal);
        // Nothing is fetched: the page is the whole report.
        Assert.DoesNotContain("src=", page, StringComparison.Ordinal);
        Assert.DoesNotContain("href=", page, StringComparison.Ordinal);
        return lines.ToString();
    }

    static bool IsInstalled(string program) =>
        (Environment.GetEnvironmentVariable("PATH") ?? "").Split(Path.PathSeparator).Any(folder => File.Exists(Path.Combine(folder, program)));
}

using Callbacks.Local;
using Callbacks.SystemTests.Acceptance;

namespace Callbacks.SystemTests.Faults;

/// <summary>Something done to a system call when it is made on the journal's files. Each thread counts its own calls.</summary>
/// <param name="Call">Such as <c>fdatasync</c>.</param>
/// <param name="Effect">After strace's <c>inject</c>: <c>error=EIO</c>.</param>
/// <param name="When">Which of the calls: <c>3</c>, <c>3+</c>, <c>3+2</c>, <c>3..5</c>.</param>
sealed record Injection(string Call, string Effect, string When)
{
    /// <summary>Only calls on this file count; null: on any of the journal's.</summary>
    public string? File { get; init; }

    public override string ToString() => $"{Call}:{Effect}:when={When}";
}

/// <summary>Puts a program under <c>strace</c>, which watches what it does to one folder and tampers with it.</summary>
static class Strace
{
    /// <summary>What the journal does to its folder that can fail or be the last thing that a process does.</summary>
    public static readonly string[] Calls = ["pwrite64", "fdatasync", "fsync", "openat", "unlink", "rename", "flock", "mkdir"];

    /// <summary>More segments than one life goes through.</summary>
    const int Segments = 60;

    static readonly Lazy<bool> IsThere = new(() =>
        (Environment.GetEnvironmentVariable("PATH") ?? "").Split(':').Any(folder => File.Exists(Path.Combine(folder, "strace"))));

    /// <summary>Skips the calling test where strace is missing; fails it in CI.</summary>
    public static void Require()
    {
        if (IsThere.Value)
            return;
        const string Message = "strace is needed to inject faults: install it (Debian: apt-get install strace).";
        if (Environment.GetEnvironmentVariable("CI") is "true")
            Assert.Fail(Message);
        Assert.Skip(Message);
    }

    /// <param name="program">What to run.</param>
    /// <param name="folder">The journal's; may be missing yet.</param>
    /// <param name="injection">Null: only <paramref name="trace"/> is written.</param>
    /// <param name="trace">File for the calls that were made; null: nobody wants to know.</param>
    public static ChildStart Under(ChildStart program, string folder, Injection? injection, string? trace)
    {
        IEnumerable<string> inject = injection is null ? ["-e", $"trace={string.Join(',', Calls)}"] : ["-e", $"trace={injection.Call}", "-e", $"inject={injection}"];
        IEnumerable<string> paths = injection?.File is { } file ? [file] : Paths(folder);
        return Programs.Within(["strace", "-f", "-qq", "-o", trace ?? "/dev/null", .. inject, .. paths.SelectMany(path => new[] { "-P", path })], program);
    }

    /// <summary>How often the thread that makes a call most often makes it.</summary>
    public static Dictionary<string, int> CountPerThread(string trace)
    {
        var counts = new Dictionary<(string Call, string Thread), int>();
        foreach (string line in File.ReadLines(trace))
        {
            // "1234  fdatasync(57) = 0", or "1234  fdatasync(57 <unfinished ...>" and later "<... fdatasync resumed>) = 0".
            string[] words = line.Split(' ', 2, StringSplitOptions.RemoveEmptyEntries);
            string call = words[1].TrimStart();
            if (call.IndexOf('(', StringComparison.Ordinal) is > 0 and var end && !call.StartsWith('<'))
                counts[(call[..end], words[0])] = counts.GetValueOrDefault((call[..end], words[0])) + 1;
        }

        return counts.GroupBy(count => count.Key.Call, StringComparer.Ordinal)
            .ToDictionary(group => group.Key, group => group.Max(count => count.Value), StringComparer.Ordinal);
    }

    public static int CountInjected(string trace) => File.ReadLines(trace).Count(line => line.Contains("(INJECTED)", StringComparison.Ordinal));

    static IEnumerable<string> Paths(string folder)
    {
        long lowest = Directory.Exists(folder)
            ? Directory.EnumerateFiles(folder).Select(Path.GetFileNameWithoutExtension).Select(name => long.TryParse(name, out long number) ? number : long.MaxValue).DefaultIfEmpty(1).Min()
            : 1;
        lowest = lowest == long.MaxValue ? 1 : lowest;
        return [folder, Path.Combine(folder, "lock"), .. Enumerable.Range(0, Segments).Select(i => Path.Combine(folder, $"{lowest + i:D20}.journal"))];
    }
}

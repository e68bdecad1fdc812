using System.Globalization;
using System.Runtime.InteropServices;
using System.Text.Json;
using System.Text.Json.Serialization;
using Callbacks.Local;

namespace Callbacks.Bench.Framework;

/// <summary>Where and on what it was measured.</summary>
sealed record Machine(string Processor, int Cores, double MemoryGib, string System, string Runtime, string Commit, double LoadBefore)
{
    public static async Task<Machine> ReadAsync()
    {
        string processor = File.ReadLines("/proc/cpuinfo").FirstOrDefault(line => line.StartsWith("model name", StringComparison.Ordinal)) is { } line
            ? line[(line.IndexOf(':') + 1)..].Trim()
            : RuntimeInformation.ProcessArchitecture.ToString();
        double memory = GC.GetGCMemoryInfo().TotalAvailableMemoryBytes / (double)(1 << 30);
        double load = double.Parse(File.ReadAllText("/proc/loadavg").Split(' ')[0], CultureInfo.InvariantCulture);
        return new Machine(
            processor, Environment.ProcessorCount, Math.Round(memory, 1), RuntimeInformation.OSDescription, RuntimeInformation.FrameworkDescription,
            await CommitAsync(), load);
    }

    static async Task<string> CommitAsync()
    {
        try
        {
            var git = new ChildStart("git", "describe", "--always", "--dirty", "--abbrev=12") { WorkingDirectory = AppContext.BaseDirectory };
            (int exitCode, string output) = await ChildProcess.RunAsync(git);
            return exitCode == 0 ? output.Trim() : "unknown";
        }
        catch (LocalException)
        {
            return "unknown";
        }
    }
}

/// <summary>Everything about one bench, as it is written to JSON.</summary>
sealed record Report(string Name, string What, DateTimeOffset At, bool IsSmoke, Machine Machine, Verdict Verdict, IReadOnlyList<SideResult> Results)
{
    // A figure per thing that never came is "NaN", which is to be reported, too.
    static readonly JsonSerializerOptions Json = new()
    {
        PropertyNamingPolicy = JsonNamingPolicy.SnakeCaseLower,
        WriteIndented = true,
        NumberHandling = JsonNumberHandling.AllowNamedFloatingPointLiterals,
    };

    /// <summary>Writes NAME-TIME.json and .html. Returns the path of the page.</summary>
    public async Task<string> WriteAsync(string folder)
    {
        string path = Path.Combine(folder, $"{Name}-{At.UtcDateTime.ToString("yyyyMMdd'T'HHmmss'Z'", CultureInfo.InvariantCulture)}");
        await File.WriteAllTextAsync($"{path}.json", JsonSerializer.Serialize(this, Json) + "\n");
        await File.WriteAllTextAsync($"{path}.html", Page.Of(this));
        return $"{path}.html";
    }
}

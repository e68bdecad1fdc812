using System.Runtime.InteropServices;
using Callbacks.Fixtures;
using Callbacks.Local;

namespace Callbacks.SystemTests.BrokenBuilds;

/// <summary>
/// A copy of the service's sources that may be broken, and of the unit tests as they were built, in which only the service is exchanged:
/// what they see of it is the same in every build. The trials of whole processes run here, on the service of the copy.
/// </summary>
sealed class Laboratory : IDisposable
{
    const string Output = "bin/Release/net10.0";
    const string UnitTests = "Callbacks.Tests";
    const string SystemTests = "Callbacks.SystemTests";

    static readonly TimeSpan BuildDeadline = TimeSpan.FromMinutes(3);
    static readonly TimeSpan RunDeadline = TimeSpan.FromMinutes(4);
    static readonly string DotnetPath = Path.GetFullPath(Path.Combine(RuntimeEnvironment.GetRuntimeDirectory(), "../../../dotnet"));

    readonly string _folder = Directory.CreateTempSubdirectory("callback-laboratory-").FullName;

    public Laboratory()
    {
        foreach (string file in Directory.EnumerateFiles(Repository.Folder).Where(file => Path.GetExtension(file) is ".props" or ".json" or ".txt"))
            File.Copy(file, Path.Combine(_folder, Path.GetFileName(file)));
        Copy(SourceFolder(Repository.Folder), Sources);
        Copy(Path.Combine(Repository.Folder, "tests", UnitTests, Output), Tests);
    }

    string Sources => SourceFolder(_folder);

    string Tests => Path.Combine(_folder, "tests");

    string BuiltService => Path.Combine(Sources, Output, "callback.dll");

    public static string SourceOf(BrokenBuild build) => File.ReadAllText(Path.Combine(SourceFolder(Repository.Folder), build.File));

    /// <summary>Builds the service whole.</summary>
    public Task BuildAsync() => CompileAsync();

    /// <summary>Builds it broken. The sources are whole again afterwards.</summary>
    public async Task BuildAsync(BrokenBuild build)
    {
        string path = Path.Combine(Sources, build.File);
        string whole = await File.ReadAllTextAsync(path);
        await File.WriteAllTextAsync(path, build.Break(whole));
        try
        {
            await CompileAsync();
        }
        finally
        {
            await File.WriteAllTextAsync(path, whole);
        }
    }

    /// <summary>Runs test methods with the service that was built last.</summary>
    public async Task<TestRun> RunAsync(IEnumerable<string> methods)
    {
        ILookup<bool, string> byProgram = methods.ToLookup(IsTrial);
        var run = new TestRun();
        await RunAsync(Path.Combine(Tests, $"{UnitTests}.dll"), [.. byProgram[false]], run);
        await RunAsync(Path.Combine(AppContext.BaseDirectory, $"{SystemTests}.dll"), [.. byProgram[true]], run);
        return run;
    }

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    static bool IsTrial(string method) => method.StartsWith($"{nameof(ShortTrialTests)}.", StringComparison.Ordinal);

    static string SourceFolder(string root) => Path.Combine(root, "src", "Callbacks");

    async Task CompileAsync()
    {
        // The style of a broken build is nobody's concern.
        (int exitCode, string output) = await RunAsync(BuildDeadline,
            "build", Path.Combine(Sources, "Callbacks.csproj"), "--configuration", "Release", "--nologo", "--verbosity", "quiet",
            "-p:TreatWarningsAsErrors=false", "-p:RunAnalyzers=false", "-p:GenerateDocumentationFile=false", "-p:UseSharedCompilation=false");
        Assert.True(exitCode == 0, $"The build ended with {exitCode}: {output}");
        File.Copy(BuiltService, Path.Combine(Tests, "callback.dll"), overwrite: true);
    }

    async Task RunAsync(string program, string[] methods, TestRun run)
    {
        if (methods.Length == 0)
            return;
        string result = Path.Combine(_folder, "result.xml");
        File.Delete(result);
        (int exitCode, string output) = await RunAsync(RunDeadline,
            [program, "-noLogo", "-noColor", "-explicit", "on", "-xml", result, .. methods.SelectMany(method => new[] { "-method", $"*.{method}" })]);
        Assert.True(File.Exists(result), $"{Path.GetFileName(program)} ended with {exitCode} and no result: {output}");
        run.Add(result);
    }

    async Task<(int ExitCode, string Output)> RunAsync(TimeSpan patience, params string[] arguments)
    {
        using var deadline = new CancellationTokenSource(patience);
        return await ChildProcess.RunAsync(
            new ChildStart(DotnetPath, arguments)
            {
                WorkingDirectory = _folder,
                Environment = new Dictionary<string, string?>(StringComparer.Ordinal)
                {
                    ["CALLBACK_SERVICE"] = BuiltService,
                    // Some 750 crash schedules are drawn for one that meets a breach: of 3,000 none would, once in fifty runs.
                    ["CALLBACK_SEED"] = Environment.GetEnvironmentVariable("CALLBACK_SEED") ?? "338642020",
                    // What a broken build loses is no figure of ours.
                    ["CALLBACK_FIGURES"] = null,
                    ["DOTNET_CLI_TELEMETRY_OPTOUT"] = "1",
                    ["DOTNET_CLI_USE_MSBUILD_SERVER"] = "0",
                    ["MSBUILDDISABLENODEREUSE"] = "1",
                },
            },
            deadline.Token);
    }

    static void Copy(string from, string to)
    {
        Assert.True(Directory.Exists(from), $"{from} is missing: build Callbacks.slnx first.");
        Directory.CreateDirectory(to);
        foreach (string file in Directory.EnumerateFiles(from))
            File.Copy(file, Path.Combine(to, Path.GetFileName(file)));
        foreach (string folder in Directory.EnumerateDirectories(from).Where(folder => Path.GetFileName(folder) is not ("bin" or "obj")))
            Copy(folder, Path.Combine(to, Path.GetFileName(folder)));
    }
}

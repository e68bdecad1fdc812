using System.Runtime.InteropServices;
using Callbacks.Local;

namespace Callbacks.SystemTests.Acceptance;

/// <summary>
/// The programs under test: the service as it is published, where the launcher says that it is, else as the build left it beside this
/// assembly, which takes longer to start; the tester beside this assembly.
/// </summary>
static class Programs
{
    static readonly string DotnetPath = Path.GetFullPath(Path.Combine(RuntimeEnvironment.GetRuntimeDirectory(), "../../../dotnet"));

    // Addresses of whoever runs the tests are not the tests'.
    static readonly Dictionary<string, string?> Variables = new(StringComparer.Ordinal)
    {
        ["ASPNETCORE_URLS"] = null,
        ["DOTNET_URLS"] = null,
        [ServiceRuntime.Gen1MaxBudgetName] = ServiceRuntime.Gen1MaxBudgetHere,
    };

    public static string ServicePath { get; } = Path.Combine(AppContext.BaseDirectory, Environment.GetEnvironmentVariable("CALLBACK_SERVICE") ?? "callback.dll");

    public static ChildStart Service(params IEnumerable<string> arguments) => Start(ServicePath, arguments);

    public static ChildStart Bench(params IEnumerable<string> arguments) => Start("callback-bench.dll", arguments);

    public static ChildStart Tester(params IEnumerable<string> arguments) => Start("callback-tester.dll", arguments);

    /// <summary>One life of a journal without the rest of the service.</summary>
    public static ChildStart JournalDriver(params IEnumerable<string> arguments) => Start("callback-journal-driver.dll", arguments);

    /// <param name="command">Runs the program, which becomes its last arguments; empty: the program is run as it is.</param>
    public static ChildStart Within(string[] command, ChildStart program) =>
        command.Length == 0 ? program : program with { FileName = command[0], Arguments = [.. command[1..], program.FileName, .. program.Arguments] };

    static ChildStart Start(string program, IEnumerable<string> arguments) =>
        new(DotnetPath, [Path.Combine(AppContext.BaseDirectory, program), .. arguments]) { Environment = Variables };
}

using System.Runtime.InteropServices;
using Callbacks.Local;

namespace Callbacks.Bench.Parts;

/// <summary>The service as it is published, where the launcher says that it is; the tester and this program itself, beside this assembly.</summary>
static class Programs
{
    static readonly string Dotnet = Path.GetFullPath(Path.Combine(RuntimeEnvironment.GetRuntimeDirectory(), "../../../dotnet"));

    // Addresses of whoever runs the benches are not the benches'. Upstreams and bare sides collect their garbage as the service does.
    static readonly Dictionary<string, string?> Variables = new(StringComparer.Ordinal)
    {
        ["ASPNETCORE_URLS"] = null,
        ["DOTNET_URLS"] = null,
        [ServiceRuntime.Gen1MaxBudgetName] = ServiceRuntime.Gen1MaxBudgetHere,
    };

    /// <param name="build">The <c>callback.dll</c> of another build; null: the one that is measured.</param>
    /// <param name="variables">More of them for its environment.</param>
    /// <param name="arguments">The service's own.</param>
    public static ChildStart Service(string? build, IReadOnlyDictionary<string, string?> variables, params IEnumerable<string> arguments)
    {
        ChildStart start = Start(build ?? Environment.GetEnvironmentVariable("CALLBACK_SERVICE") ?? "callback.dll", arguments);
        return start with { Environment = start.Environment.Concat(variables).ToDictionary(StringComparer.Ordinal) };
    }

    public static ChildStart Tester(params IEnumerable<string> arguments) => Start("callback-tester.dll", arguments);

    public static ChildStart Own(params IEnumerable<string> arguments) => Start("callback-bench.dll", arguments);

    static ChildStart Start(string program, IEnumerable<string> arguments) =>
        new(Dotnet, [Path.Combine(AppContext.BaseDirectory, program), .. arguments]) { Environment = Variables };
}

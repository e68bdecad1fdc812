using Callbacks.Journal.Tools;

namespace Callbacks.Tests.Journal.Tools;

/// <summary>One command of <c>callback journal</c>, as from a shell.</summary>
sealed record ToolRun(int ExitCode, string Output, string Error)
{

    public string[] Lines => Output.Split('\n', StringSplitOptions.RemoveEmptyEntries);

    public static async Task<ToolRun> RunAsync(string folder, params string[] arguments)
    {
        using StringWriter output = new(), error = new();
        int exitCode = await JournalTools.RunAsync(arguments, new ToolSettings(folder, IdsMax: 500), TimeProvider.System, output, error);
        return new ToolRun(exitCode, output.ToString(), error.ToString());
    }
}

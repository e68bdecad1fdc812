using System.CommandLine;
using Callbacks.Journal.Tools.Salvaging;

namespace Callbacks.Journal.Tools;

/// <summary><c>callback journal ...</c>: looks into a journal beside a running service, which doesn't notice, or without one.</summary>
static class JournalTools
{
    /// <summary>Something is damaged, or was not accepted.</summary>
    public const int Bad = 1;

    /// <summary>The command line, or a file or folder that it names, can't be used.</summary>
    public const int Unusable = 2;

    /// <param name="arguments">Behind the word <c>journal</c>.</param>
    /// <param name="idsMax">Most ids of one callback, if the configuration says nothing else.</param>
    public static async Task<int> RunAsync(string[] arguments, int idsMax)
    {
        WebApplicationBuilder builder;
        try
        {
            // The service's own sources, in its own order, for the sake of the folder's name.
            builder = WebApplication.CreateSlimBuilder(new WebApplicationOptions { ContentRootPath = AppContext.BaseDirectory });
        }
        catch (InvalidDataException exception)
        {
            await Console.Error.WriteLineAsync(exception.Message);
            return Unusable;
        }

        // The console's own writer would make a system call of each line of an export.
        await using var output = new StreamWriter(Console.OpenStandardOutput());
        return await RunAsync(arguments, ToolSettings.Read(builder.Configuration, idsMax), TimeProvider.System, output, Console.Error);
    }

    public static async Task<int> RunAsync(string[] arguments, ToolSettings settings, TimeProvider time, TextWriter output, TextWriter error)
    {
        var journal = new Command("journal", "Looks into a journal, beside a running service or without one. Only salvage --as-new sends anything; nothing changes a file of the journal.")
        {
            StatusCommand.Build(settings, time),
            ListCommand.Build(settings),
            VerifyCommand.Build(settings),
            ExportCommand.Build(settings),
            SalvageCommand.Build(settings, time),
        };
        ParseResult parsed = new RootCommand { journal }.Parse(["journal", .. arguments]);
        try
        {
            int code = await parsed.InvokeAsync(new InvocationConfiguration { EnableDefaultExceptionHandler = false, Output = output, Error = error });
            return parsed.Errors.Count > 0 ? Unusable : code;
        }
        catch (Exception exception) when (exception is ToolException or IOException or InvalidDataException or UnauthorizedAccessException)
        {
            await error.WriteLineAsync(exception.Message);
            return Unusable;
        }
    }
}

using System.CommandLine;
using Callbacks.Time;

namespace Callbacks.Journal.Tools;

/// <summary><c>journal status</c>: the whole in a few lines.</summary>
static class StatusCommand
{
    public static Command Build(ToolSettings settings, TimeProvider time)
    {
        Option<string> directory = settings.DirectoryOption();
        Option<bool> json = ToolSettings.JsonOption();
        var command = new Command("status", "The whole in a few lines: who uses it, what is in it, what is pending, what is damaged.") { directory, json };
        command.SetAction(async (parsed, stopping) =>
        {
            var folder = ToolSettings.Open(parsed.GetValue(directory)!);
            int? process = LockHolder.Find(folder.Path);
            var status = JournalFigures.Of(folder.Path, process, JournalSurvey.Read(folder, stopping), Instant.From(time.GetUtcNow()));
            await parsed.InvocationConfiguration.Output.WriteLineAsync(parsed.GetValue(json) ? Text.ToJson(status) : status.ToText());
            return 0;
        });
        return command;
    }
}

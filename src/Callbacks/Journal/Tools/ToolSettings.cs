using System.CommandLine;
using System.Globalization;
using Callbacks.Journal.Disk;

namespace Callbacks.Journal.Tools;

/// <summary>What the service's configuration says, for those options that the command line leaves out.</summary>
sealed record ToolSettings(string Directory, int IdsMax)
{
    public static ToolSettings Read(IConfiguration configuration, int idsMax) => new(
        configuration[$"{JournalOptions.Section}:{nameof(JournalOptions.Directory)}"] is { Length: > 0 } directory ? directory : new JournalOptions().Directory,
        // A wrong one is the service's to refuse: looking into its journal has to go on.
        int.TryParse(configuration["Intake:IdsMax"], CultureInfo.InvariantCulture, out int configured) ? configured : idsMax);

    public Option<string> DirectoryOption() => new("--directory", "-d")
    {
        Description = "The journal's folder; as configured (Journal:Directory), if not given. That of ./callback up is CALLBACK_HOME/journal.",
        DefaultValueFactory = _ => Directory,
    };

    public static Option<bool> JsonOption() => new("--json") { Description = "For machines." };

    public static ReadOnlyFolder Open(string directory) => System.IO.Directory.Exists(directory)
        ? new ReadOnlyFolder(directory)
        : throw new ToolException(
            $"There is no folder '{(directory.Length > 0 ? Path.GetFullPath(directory) : "")}'. Name the journal's with --directory, or Journal__Directory in the environment; that of ./callback up is CALLBACK_HOME/journal (as root /var/lib/callback/journal, else ~/.local/state/callback/journal).");
}

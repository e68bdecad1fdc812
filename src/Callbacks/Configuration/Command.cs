namespace Callbacks.Configuration;

/// <summary>What the program was started to do.</summary>
enum CommandKind
{
    Run,

    /// <summary>Validate the configuration and reach for each thing that it names.</summary>
    Check,

    /// <summary>Print the configuration.</summary>
    Config,
}

/// <summary>The command line: perhaps a command, then flags.</summary>
/// <param name="Flags">As the configuration reads them.</param>
/// <param name="Ignored">Words that the configuration would pass over without a word.</param>
sealed record Command(CommandKind Kind, string[] Flags, IReadOnlyList<string> Ignored)
{
    public static Command Read(string[] arguments)
    {
        CommandKind kind = arguments switch
        {
            ["check", ..] => CommandKind.Check,
            ["config", ..] => CommandKind.Config,
            _ => CommandKind.Run,
        };
        string[] flags = kind == CommandKind.Run ? arguments : arguments[1..];
        return new Command(kind, flags, [.. FindIgnored(flags)]);
    }

    /// <summary>As the framework's parser goes through them: a flag without <c>=</c> takes the next word, whatever it is.</summary>
    static IEnumerable<string> FindIgnored(string[] flags)
    {
        for (int i = 0; i < flags.Length; i++)
        {
            bool isFlag = flags[i].StartsWith("--", StringComparison.Ordinal) || flags[i].StartsWith('/');
            if (flags[i].Contains('=', StringComparison.Ordinal))
            {
                // The parser throws on it.
                if (!isFlag && flags[i].StartsWith('-'))
                    yield return flags[i];
            }
            else if (!isFlag || ++i == flags.Length)
            {
                yield return flags[Math.Min(i, flags.Length - 1)];
            }
        }
    }
}

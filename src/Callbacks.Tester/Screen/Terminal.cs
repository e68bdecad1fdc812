using Spectre.Console;

namespace Callbacks.Tester.Screen;

/// <summary>Whether somebody is looking.</summary>
static class Terminal
{
    /// <summary>Lines longer than this are hard to read, however wide the terminal.</summary>
    public const int WidthMax = 110;

    /// <summary>
    /// Null where control codes have no place: a file, a pipe, a terminal that can't move its cursor (<c>TERM=dumb</c>). Asked of the console
    /// itself, since Spectre takes the logs of some build servers for terminals.
    /// </summary>
    public static IAnsiConsole? Of(TextWriter output)
    {
        if (output != Console.Out || Console.IsOutputRedirected)
            return null;

        // NO_COLOR and the terminal's colours are Spectre's to find out.
        IAnsiConsole console = AnsiConsole.Create(new AnsiConsoleSettings { Out = new AnsiConsoleOutput(output) });
        // A Ctrl-C is echoed as ^C behind the last line: where that had to wrap, all lines would be drawn one lower from then on.
        console.Profile.Width = Math.Min(console.Profile.Width - "^C".Length, WidthMax);
        return console.Profile.Capabilities is { Ansi: true, Interactive: true } ? console : null;
    }
}

using Spectre.Console;
using Spectre.Console.Rendering;

namespace Callbacks.Tests.Tester;

/// <summary>A picture as the lines that a terminal of that width would show.</summary>
static class Drawn
{
    public static string[] Lines(IRenderable picture, int width, bool colours = false)
    {
        using var writer = new StringWriter();
        IAnsiConsole console = AnsiConsole.Create(new AnsiConsoleSettings
        {
            Ansi = colours ? AnsiSupport.Yes : AnsiSupport.No,
            ColorSystem = colours ? ColorSystemSupport.Standard : ColorSystemSupport.NoColors,
            Interactive = InteractionSupport.No,
            Out = new AnsiConsoleOutput(writer),
        });
        console.Profile.Width = width;
        console.Write(picture);
        return [.. writer.ToString().Split('\n').Select(line => line.TrimEnd())];
    }
}

using System.Text.RegularExpressions;
using Callbacks.Fixtures;

namespace Callbacks.Tests;

/// <summary>A source file of the service, by its path below the project.</summary>
sealed record SourceFile(string Path, string Text)
{
    /// <summary>The stage or the shared part that it belongs to; empty at the root.</summary>
    public string Folder => Path.Contains('/', StringComparison.Ordinal) ? Path[..Path.IndexOf('/', StringComparison.Ordinal)] : "";

    public int Lines => Text.AsSpan().Count('\n');
}

static partial class SourceTree
{
    public static List<SourceFile> ReadService()
    {
        string root = Path.Combine(Repository.Folder, "src", "Callbacks");
        return
        [
            .. Directory.EnumerateFiles(root, "*.cs", SearchOption.AllDirectories)
                .Select(file => new SourceFile(Path.GetRelativePath(root, file).Replace(Path.DirectorySeparatorChar, '/'), File.ReadAllText(file)))
                .Where(file => file.Folder is not ("bin" or "obj")),
        ];
    }

    /// <summary>The code without comments and the texts in quotes, which may name anything.</summary>
    public static string CodeOf(string text) => CommentsAndTexts().Replace(text, " ");

    [GeneratedRegex("//[^\n]*|/\\*.*?\\*/|\"\"\".*?\"\"\"|\"(\\\\.|[^\"\\\\\n])*\"|'(\\\\.|[^'\\\\\n])'", RegexOptions.Singleline | RegexOptions.ExplicitCapture, matchTimeoutMilliseconds: 10_000)]
    private static partial Regex CommentsAndTexts();
}

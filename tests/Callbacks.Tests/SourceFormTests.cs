using Callbacks.Fixtures;

namespace Callbacks.Tests;

/// <summary>What .editorconfig says of files as a whole; the build's analyzers judge the rest of it.</summary>
public sealed class SourceFormTests
{
    static readonly string[] Folders = ["bench", "lab", "src", "tests"];

    [Fact]
    public void Every_source_file_has_line_feeds_only_ends_with_one_and_begins_without_a_mark()
    {
        string[] files =
        [
            .. Folders.SelectMany(folder => Directory.EnumerateFiles(Path.Combine(Repository.Folder, folder), "*.cs", SearchOption.AllDirectories))
                .Where(file => !file.Split(Path.DirectorySeparatorChar).Any(part => part is "bin" or "obj")),
        ];
        Assert.True(files.Length > 200, $"Only {files.Length} files were found.");
        Assert.DoesNotContain(files, file => !IsAsItShouldBe(File.ReadAllBytes(file)));
    }

    [Theory]
    [InlineData("class X;\n", true)]
    [InlineData("class X;", false)]
    [InlineData("class X;\n\n", false)]
    [InlineData("class X;\r\n", false)]
    [InlineData("\uFEFFclass X;\n", false)]
    [InlineData("", false)]
    public void Each_of_these_is_noticed(string text, bool isAsItShouldBe) => Assert.Equal(isAsItShouldBe, IsAsItShouldBe(System.Text.Encoding.UTF8.GetBytes(text)));

    static bool IsAsItShouldBe(ReadOnlySpan<byte> text) =>
        text is [not 0xEF, .., not (byte)'\n', (byte)'\n'] && !text.Contains((byte)'\r');
}

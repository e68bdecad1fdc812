namespace Callbacks.Fixtures;

/// <summary>The sources that the tests were built from.</summary>
static class Repository
{
    /// <exception cref="DirectoryNotFoundException">The tests were copied away from them.</exception>
    public static string Folder { get; } = Find();

    static string Find()
    {
        string? folder = AppContext.BaseDirectory;
        while (folder is not null && !File.Exists(Path.Combine(folder, "Callbacks.slnx")))
            folder = Path.GetDirectoryName(folder);
        return folder ?? throw new DirectoryNotFoundException("No Callbacks.slnx above the tests.");
    }
}

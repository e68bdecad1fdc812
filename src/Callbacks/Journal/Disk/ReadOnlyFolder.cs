namespace Callbacks.Journal.Disk;

/// <summary>A real folder that is only looked at: nothing in it is created, locked or changed, and whoever uses it doesn't notice.</summary>
sealed class ReadOnlyFolder(string path) : IJournalFolder
{
    public string Path { get; } = System.IO.Path.GetFullPath(path);

    public IReadOnlyList<string> List() => [.. Directory.EnumerateFiles(Path).Select(file => System.IO.Path.GetFileName(file)!)];

    public IJournalFile Open(string name) => new ReadOnlyFile(System.IO.Path.Combine(Path, name));
}

/// <summary>A folder with nothing in it but one segment, whatever the file is really called and wherever it lies.</summary>
sealed class SingleFileFolder(string file, string name) : IJournalFolder
{
    public string Path => file;

    public IReadOnlyList<string> List() => [name];

    public IJournalFile Open(string name) => new ReadOnlyFile(file);
}

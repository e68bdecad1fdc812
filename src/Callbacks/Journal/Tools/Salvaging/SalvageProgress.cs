using System.Text;

namespace Callbacks.Journal.Tools.Salvaging;

/// <summary>A file with the ids of the callbacks that were accepted, a line each. What a crash left of a line doesn't count.</summary>
sealed class SalvageProgress : IDisposable
{
    readonly FileStream _file;

    SalvageProgress(FileStream file, string? last) => (_file, Last) = (file, last);

    /// <summary>The last one that was accepted; null when none was.</summary>
    public string? Last { get; }

    public static SalvageProgress Open(string path)
    {
        var file = new FileStream(path, FileMode.OpenOrCreate, FileAccess.ReadWrite, FileShare.Read);
        byte[] bytes = new byte[file.Length];
        file.ReadExactly(bytes);
        int end = Array.LastIndexOf(bytes, (byte)'\n') + 1;
        file.SetLength(end);
        file.Position = end;
        return new SalvageProgress(file, Encoding.ASCII.GetString(bytes, 0, end).Split('\n', StringSplitOptions.RemoveEmptyEntries).LastOrDefault());
    }

    public void Add(string id)
    {
        _file.Write(Encoding.ASCII.GetBytes(id + "\n"));
        _file.Flush();
    }

    public void Dispose() => _file.Dispose();
}

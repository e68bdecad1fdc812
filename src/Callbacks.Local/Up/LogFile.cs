namespace Callbacks.Local.Up;

/// <summary>The lines of one program; the newest 5 to 10 MiB of them.</summary>
sealed class LogFile : IDisposable
{
    const long BytesMax = 5 << 20;

    readonly Lock _lock = new();
    readonly string _path;
    StreamWriter? _writer;
    bool _isDisposed;

    public LogFile(string path)
    {
        _path = path;
        _writer = Open();
    }

    public void Write(string line)
    {
        lock (_lock)
        {
            try
            {
                if (_isDisposed)
                    return;
                _writer ??= Open();
                _writer.WriteLine(line);
                _writer.Flush();
                if (_writer.BaseStream.Position >= BytesMax)
                    Rotate();
            }
            catch (Exception e) when (e is IOException or UnauthorizedAccessException)
            {
                // A full disk, or a file that somebody took away, costs log lines, and nothing else.
            }
        }
    }

    public void Dispose()
    {
        lock (_lock)
        {
            _isDisposed = true;
            _writer?.Dispose();
        }
    }

    void Rotate()
    {
        _writer!.Dispose();
        // Opened anew by the next line, whatever becomes of this one.
        _writer = null;
        File.Move(_path, _path + ".1", overwrite: true);
    }

    StreamWriter Open() => new(_path, append: true);
}

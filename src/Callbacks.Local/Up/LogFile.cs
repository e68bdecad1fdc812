namespace Callbacks.Local.Up;

/// <summary>The lines of one program; the newest 5 to 10 MiB of them.</summary>
sealed class LogFile : IDisposable
{
    const long BytesMax = 5 << 20;

    readonly Lock _lock = new();
    readonly string _path;
    StreamWriter _writer;

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
                _writer.WriteLine(line);
                _writer.Flush();
                if (_writer.BaseStream.Position < BytesMax)
                    return;

                _writer.Dispose();
                File.Move(_path, _path + ".1", overwrite: true);
                _writer = Open();
            }
            catch (Exception e) when (e is IOException or ObjectDisposedException)
            {
                // A full disk costs log lines, and nothing else.
            }
        }
    }

    public void Dispose()
    {
        lock (_lock)
            _writer.Dispose();
    }

    StreamWriter Open() => new(_path, append: true);
}

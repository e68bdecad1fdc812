using System.Text;
using Microsoft.Win32.SafeHandles;

namespace Callbacks.JournalDriver;

/// <summary>
/// What the driver has to say, a line each, on standard output. A line is there whole or not at all whenever the process is killed, and
/// what was said before something is done, is there when it has been done.
/// </summary>
sealed class Said : IDisposable
{
    // What a pipe takes in one piece.
    const int PieceBytesMax = 4096;

    readonly FileStream _output = new(new SafeFileHandle(1, ownsHandle: false), FileAccess.Write, bufferSize: 0);

    public void Line(string line) => Lines([line]);

    public void Lines(IEnumerable<string> lines)
    {
        var piece = new StringBuilder();
        foreach (string line in lines)
        {
            if (piece.Length + line.Length + 1 > PieceBytesMax)
                Write(piece);
            piece.Append(line).Append('\n');
        }

        Write(piece);
    }

    public void Dispose() => _output.Dispose();

    void Write(StringBuilder piece)
    {
        _output.Write(Encoding.ASCII.GetBytes(piece.ToString()));
        piece.Clear();
    }
}

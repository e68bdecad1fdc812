namespace Callbacks.SystemTests.Acceptance;

/// <summary>The last lines of a program, for the message of a failing test.</summary>
sealed class Transcript
{
    const int LinesMax = 60;

    readonly Queue<string> _lines = new();

    public void Add(string line)
    {
        lock (_lines)
        {
            _lines.Enqueue(line);
            if (_lines.Count > LinesMax)
                _lines.Dequeue();
        }
    }

    public override string ToString()
    {
        lock (_lines)
            return string.Join('\n', _lines);
    }
}

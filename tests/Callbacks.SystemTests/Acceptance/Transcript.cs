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

    /// <summary>The last line that contains a text; empty when there is none.</summary>
    public string Last(string text)
    {
        lock (_lines)
            return _lines.LastOrDefault(line => line.Contains(text, StringComparison.Ordinal), "").Trim();
    }

    public override string ToString()
    {
        lock (_lines)
            return string.Join('\n', _lines);
    }
}

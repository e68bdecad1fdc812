using Microsoft.Extensions.Logging;

namespace Callbacks.Tests.Support;

/// <summary>Keeps what all of a program's loggers are told.</summary>
sealed class AllLogLines : ILoggerFactory, ILoggerProvider
{
    readonly LogLines<object> _lines = new();

    /// <summary>From that level on, in the order in which they came.</summary>
    public IReadOnlyList<string> From(LogLevel level) => _lines.From(level);

    public int Count(string start) => _lines.From(LogLevel.Trace).Count(text => text.StartsWith(start, StringComparison.Ordinal));

    public ILogger CreateLogger(string categoryName) => _lines;

    public void AddProvider(ILoggerProvider provider) => throw new NotSupportedException();

    public void Dispose()
    {
        // The lines are read after the program has ended.
    }
}

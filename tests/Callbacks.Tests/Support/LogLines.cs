using System.Collections.Concurrent;
using Microsoft.Extensions.Logging;

namespace Callbacks.Tests.Support;

/// <summary>A logger that keeps what it is told.</summary>
sealed class LogLines<T> : ILogger<T>
{
    readonly ConcurrentQueue<(LogLevel Level, string Text)> _lines = new();

    public int Count(LogLevel level) => _lines.Count(line => line.Level == level);

    /// <summary>From that level on, in the order in which they came.</summary>
    public IReadOnlyList<string> From(LogLevel level) => [.. _lines.Where(line => line.Level >= level).Select(line => line.Text)];

    public bool Contains(string text) => _lines.Any(line => line.Text.Contains(text, StringComparison.Ordinal));

    public IDisposable? BeginScope<TState>(TState state)
        where TState : notnull => null;

    public bool IsEnabled(LogLevel logLevel) => true;

    public void Log<TState>(LogLevel logLevel, EventId eventId, TState state, Exception? exception, Func<TState, Exception?, string> formatter) =>
        _lines.Enqueue((logLevel, formatter(state, exception)));
}

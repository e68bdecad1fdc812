using System.Threading.Channels;

namespace Callbacks.Local.Up;

/// <summary>
/// One line at a time, from anyone. Nobody ever waits for the terminal: one that is paused (Ctrl-S) must not hold up the service,
/// which waits for its output to be read. What doesn't fit is left out; the log files have it.
/// </summary>
sealed class Terminal : IAsyncDisposable
{
    const int WaitingLinesMax = 1000;

    static readonly TimeSpan FlushPatience = TimeSpan.FromSeconds(2);

    readonly Channel<string> _lines = Channel.CreateBounded<string>(
        new BoundedChannelOptions(WaitingLinesMax) { FullMode = BoundedChannelFullMode.DropWrite });

    readonly Task _writing;

    public Terminal(TextWriter output) => _writing = Task.Run(() => WriteAsync(output));

    public void Say(string line) => _lines.Writer.TryWrite(line);

    public async ValueTask DisposeAsync()
    {
        _lines.Writer.Complete();
        await _writing.WaitAsync(FlushPatience).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
    }

    async Task WriteAsync(TextWriter output)
    {
        await foreach (string line in _lines.Reader.ReadAllAsync())
            await output.WriteLineAsync(line);
    }
}

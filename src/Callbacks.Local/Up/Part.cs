namespace Callbacks.Local.Up;

/// <summary>
/// A program that is to run until it's stopped: one that ends by itself is started again, after a pause that grows. <c>start</c>
/// returns when it has started, with what completes with its exit code; <c>stop</c> returns when it's gone.
/// </summary>
sealed class Part(string name, Func<CancellationToken, Task<Task<int>>> start, Func<Task> stop, Terminal terminal, TimeProvider time)
{
    // EX_CONFIG: the service says that no waiting can cure what it found.
    const int ConfigurationError = 78;

    // Short: callers wait in the held socket meanwhile.
    static readonly TimeSpan FirstPause = TimeSpan.FromMilliseconds(50);
    static readonly TimeSpan LongestPause = TimeSpan.FromSeconds(10);

    // Who ran for this long has recovered: the next pause is the first again.
    static readonly TimeSpan Recovered = TimeSpan.FromSeconds(30);

    Task<int>? _ended;
    long _startedAt;

    public async Task StartAsync(CancellationToken stopping)
    {
        _startedAt = time.GetTimestamp();
        _ended = await start(stopping);
    }

    /// <summary>Runs until cancelled.</summary>
    public async Task KeepAsync(CancellationToken stopping)
    {
        TimeSpan pause = FirstPause;
        while (true)
        {
            int exitCode = await _ended!.WaitAsync(stopping);
            if (exitCode == ConfigurationError)
                throw new LocalException($"{name} can't run as it is configured; its last lines say why.") { ExitCode = ConfigurationError };

            if (time.GetElapsedTime(_startedAt) >= Recovered)
                pause = FirstPause;
            terminal.Say($"{name} ended ({Explain(exitCode)}); starting it again.");
            await Task.Delay(pause, time, stopping);
            pause = pause * 2 < LongestPause ? pause * 2 : LongestPause;
            try
            {
                await StartAsync(stopping);
            }
            catch (LocalException e)
            {
                terminal.Say(e.Message);
            }
        }
    }

    public Task StopAsync() => stop();

    static string Explain(int exitCode) => exitCode > 128 ? $"signal {exitCode - 128}" : $"exit code {exitCode}";
}

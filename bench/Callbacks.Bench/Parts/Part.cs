using Callbacks.Bench.Framework;
using Callbacks.Local;

namespace Callbacks.Bench.Parts;

/// <summary>A program that runs for a side and is ended with it.</summary>
sealed class Part : IAsyncDisposable
{
    static readonly TimeSpan Deadline = TimeSpan.FromSeconds(60);
    static readonly TimeSpan StopPatience = TimeSpan.FromSeconds(20);
    static readonly TimeSpan AskEvery = TimeSpan.FromMilliseconds(20);
    const int LinesMax = 30;

    readonly Queue<string> _lines = new();
    readonly ChildProcess _process;

    Part(ChildStart start) => _process = ChildProcess.Start(start with { OnLine = Keep });

    public int Id => _process.Id;

    public double CpuSeconds => ProcessFigures.CpuSeconds(Id);

    public double Mebibytes => ProcessFigures.Mebibytes(Id);

    public static Part Start(ChildStart start) => new(start);

    /// <summary>Waits until a page answers well.</summary>
    public async Task UntilAnswersAsync(Uri page, CancellationToken stop)
    {
        // A connection per question: none is left over.
        using var client = new HttpClient(new SocketsHttpHandler { PooledConnectionLifetime = TimeSpan.Zero }) { Timeout = TimeSpan.FromSeconds(5) };
        long start = BenchContext.Time.GetTimestamp();
        while (true)
        {
            if (_process.Exited.IsCompleted)
                throw new BenchException($"A program ended with {await _process.Exited}: {Lines()}");
            try
            {
                using HttpResponseMessage response = await client.GetAsync(page, stop);
                if (response.IsSuccessStatusCode)
                    return;
            }
            catch (Exception e) when (e is HttpRequestException or TaskCanceledException && !stop.IsCancellationRequested)
            {
                // Not there yet.
            }

            if (BenchContext.Time.GetElapsedTime(start) > Deadline)
                throw new BenchException($"{page} doesn't answer: {Lines()}");
            await BenchContext.WaitAsync(AskEvery, stop);
        }
    }

    /// <summary>As a crash would end it.</summary>
    public async Task KillAsync()
    {
        _process.Send(Signal.Kill);
        await _process.Exited.WaitAsync(StopPatience);
    }

    public Task StopAsync() => _process.StopAsync(Signal.Terminate, StopPatience);

    public async ValueTask DisposeAsync() => await _process.DisposeAsync();

    string Lines()
    {
        lock (_lines)
            return string.Join(" | ", _lines);
    }

    void Keep(string line)
    {
        lock (_lines)
        {
            _lines.Enqueue(line);
            if (_lines.Count > LinesMax)
                _lines.Dequeue();
        }
    }
}

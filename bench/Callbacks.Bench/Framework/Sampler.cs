namespace Callbacks.Bench.Framework;

/// <summary>Reads figures every half second while a side runs: the plots over time, and the lines of progress.</summary>
sealed class Sampler(BenchContext context) : IAsyncDisposable
{
    static readonly TimeSpan Period = TimeSpan.FromMilliseconds(500);
    const int PeriodsPerLine = 10;

    readonly List<(Series Series, Func<Task<double>> Read)> _watched = [];
    readonly CancellationTokenSource _end = new();
    readonly long _start = BenchContext.Time.GetTimestamp();
    Task _running = Task.CompletedTask;

    /// <summary>A figure as it is. One that can't be read leaves a gap.</summary>
    public Sampler Watch(string name, string unit, Func<Task<double>> read)
    {
        _watched.Add((new Series(name, unit, [], []), read));
        return this;
    }

    public Sampler Watch(string name, string unit, Func<double> read) => Watch(name, unit, () => Task.FromResult(read()));

    /// <summary>How fast a count grows, per second.</summary>
    public Sampler WatchRate(string name, string unit, Func<Task<double>> count)
    {
        double last = double.NaN;
        long lastAt = 0;
        return Watch(name, unit, async () =>
        {
            double now = await count();
            long at = BenchContext.Time.GetTimestamp();
            double rate = (now - last) / BenchContext.Time.GetElapsedTime(lastAt, at).TotalSeconds;
            (last, lastAt) = (now, at);
            return rate;
        });
    }

    public Sampler WatchRate(string name, string unit, Func<double> count) => WatchRate(name, unit, () => Task.FromResult(count()));

    public Sampler Start()
    {
        _running = Task.Run(RunAsync);
        return this;
    }

    public async Task<List<Series>> StopAsync()
    {
        await _end.CancelAsync();
        await _running;
        return [.. _watched.Select(watched => watched.Series)];
    }

    public async ValueTask DisposeAsync()
    {
        await StopAsync();
        _end.Dispose();
    }

    async Task RunAsync()
    {
        using var timer = new PeriodicTimer(Period, BenchContext.Time);
        int periods = 0;
        try
        {
            do
            {
                foreach ((Series series, Func<Task<double>> read) in _watched)
                    await ReadAsync(series, read);
                if (++periods % PeriodsPerLine == 0)
                    context.Say($"{Elapsed:F0} s: {string.Join(", ", _watched.Where(watched => watched.Series.Values.Count > 0).Select(watched => $"{watched.Series.Name} {Number.Text(watched.Series.Values[^1])} {watched.Series.Unit}"))}");
            }
            while (await timer.WaitForNextTickAsync(_end.Token));
        }
        catch (OperationCanceledException) when (_end.IsCancellationRequested)
        {
        }
    }

    double Elapsed => BenchContext.Time.GetElapsedTime(_start).TotalSeconds;

    async Task ReadAsync(Series series, Func<Task<double>> read)
    {
        try
        {
            double value = await read();
            if (double.IsNaN(value))
                return;
            series.Seconds.Add(Math.Round(Elapsed, 2));
            series.Values.Add(Math.Round(value, 3));
        }
        catch (Exception e) when (e is HttpRequestException or IOException or TaskCanceledException)
        {
            // Busy, or not there yet.
        }
    }
}

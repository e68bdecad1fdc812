using Callbacks.Bench.Framework;
using Callbacks.Journal.Disk;
using Microsoft.Win32.SafeHandles;

namespace Callbacks.Bench.Parts;

/// <summary>
/// How long the disk takes, measured beside the service and not through it: a thread of its own overwrites a page and flushes it every 50 ms, with the call that the journal makes.
/// What stands still for both is the machine's.
/// </summary>
sealed class DiskProbe : IDisposable
{
    const int PageBytes = 4096;

    static readonly TimeSpan Period = TimeSpan.FromMilliseconds(50);

    readonly CancellationTokenSource _end = new();
    readonly Latencies _flushes = new();
    readonly string _path;
    readonly TimeSpan _warmup;
    Task _running = Task.CompletedTask;
    double _worstMs = double.NaN;

    DiskProbe(string path, TimeSpan warmup) => (_path, _warmup) = (path, warmup);

    /// <summary>Why it ended before its time; null while it runs.</summary>
    public IOException? Failure { get; private set; }

    /// <param name="folder">On the disk that is meant.</param>
    /// <param name="warmup">What is flushed in this time is not told by <see cref="Stop"/>.</param>
    public static DiskProbe Start(string folder, TimeSpan warmup)
    {
        var probe = new DiskProbe(Path.Combine(folder, $"probe-{Guid.NewGuid():N}"), warmup);
        // Its own thread: one that shared the pool with the load would measure the pool.
        probe._running = Task.Factory.StartNew(probe.Run, CancellationToken.None, TaskCreationOptions.LongRunning, TaskScheduler.Default);
        return probe;
    }

    /// <summary>Milliseconds of the longest flush since the last call; NaN when none has ended.</summary>
    public double TakeWorst() => Interlocked.Exchange(ref _worstMs, double.NaN);

    /// <summary>All flushes after the warm-up; null when there was none.</summary>
    public LatencySummary? Stop()
    {
        _end.Cancel();
        _running.Wait();
        return _flushes.Summarize();
    }

    public void Dispose()
    {
        Stop();
        _end.Dispose();
    }

    void Run()
    {
        try
        {
            using SafeFileHandle file = File.OpenHandle(_path, FileMode.Create, FileAccess.Write);
            Flush(file);
        }
        catch (IOException exception)
        {
            Failure = exception;
        }
    }

    void Flush(SafeFileHandle file)
    {
        byte[] page = new byte[PageBytes];
        long began = BenchContext.Time.GetTimestamp();
        do
        {
            long start = BenchContext.Time.GetTimestamp();
            RandomAccess.Write(file, page, 0);
            Posix.FlushData(file, _path);
            TimeSpan took = BenchContext.Time.GetElapsedTime(start);
            if (BenchContext.Time.GetElapsedTime(began, start) >= _warmup)
                _flushes.Add(took);
            // True for NaN as well.
            if (!(Volatile.Read(ref _worstMs) >= took.TotalMilliseconds))
                Volatile.Write(ref _worstMs, took.TotalMilliseconds);
        }
        while (!_end.Token.WaitHandle.WaitOne(Period));
    }
}

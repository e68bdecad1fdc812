using Callbacks.Bench.Framework;
using Microsoft.Win32.SafeHandles;

namespace Callbacks.Bench.Parts;

/// <summary>
/// How long the disk takes, measured beside the service and not through it: a thread of its own overwrites a page and flushes it every 50 ms. What stands still for both is
/// the machine's.
/// </summary>
sealed class DiskProbe : IDisposable
{
    const int PageBytes = 4096;

    static readonly TimeSpan Period = TimeSpan.FromMilliseconds(50);

    readonly CancellationTokenSource _end = new();
    readonly SafeFileHandle _file;
    readonly Task _running;
    double _worstMs;

    DiskProbe(string path)
    {
        _file = File.OpenHandle(path, FileMode.Create, FileAccess.Write);
        // Its own thread: one that shared the pool with the load would measure the pool.
        _running = Task.Factory.StartNew(Run, CancellationToken.None, TaskCreationOptions.LongRunning, TaskScheduler.Default);
    }

    public Latencies Flushes { get; } = new();

    /// <param name="folder">On the disk that is meant.</param>
    public static DiskProbe Start(string folder) => new(Path.Combine(folder, $"probe-{Guid.NewGuid():N}"));

    /// <summary>Milliseconds of the longest flush since the last call; NaN when none has ended.</summary>
    public double TakeWorst() => Interlocked.Exchange(ref _worstMs, double.NaN);

    public void Dispose()
    {
        _end.Cancel();
        _running.Wait();
        _file.Dispose();
        _end.Dispose();
    }

    void Run()
    {
        byte[] page = new byte[PageBytes];
        do
        {
            long start = BenchContext.Time.GetTimestamp();
            RandomAccess.Write(_file, page, 0);
            RandomAccess.FlushToDisk(_file);
            TimeSpan took = BenchContext.Time.GetElapsedTime(start);
            Flushes.Add(took);
            // False for NaN as well.
            if (!(Volatile.Read(ref _worstMs) >= took.TotalMilliseconds))
                Volatile.Write(ref _worstMs, took.TotalMilliseconds);
        }
        while (!_end.Token.WaitHandle.WaitOne(Period));
    }
}

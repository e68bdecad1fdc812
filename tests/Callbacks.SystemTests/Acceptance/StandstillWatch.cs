using Microsoft.Win32.SafeHandles;

namespace Callbacks.SystemTests.Acceptance;

/// <summary>
/// Notes when the machine, or the disk that a trial is on, stands still: a thread that wants to wake up every 20 ms, and to flush a byte every 250 ms, was kept from it.
/// What is late then says nothing about the service.
/// </summary>
sealed class StandstillWatch : IDisposable
{
    static readonly TimeSpan Tick = TimeSpan.FromMilliseconds(20);
    static readonly TimeSpan OverrunMin = TimeSpan.FromMilliseconds(100);
    const int TicksPerFlush = 12;

    readonly Outages _outages;
    readonly string _path;
    readonly Thread _thread;
    readonly ManualResetEventSlim _isOver = new();
    int _count;
    TimeSpan _total;

    public StandstillWatch(Outages outages, string folder)
    {
        (_outages, _path) = (outages, Path.Combine(folder, "standstill"));
        _thread = new Thread(Watch) { IsBackground = true, Name = "standstill watch" };
        _thread.Start();
    }

    public override string ToString() => $"The machine stood still {_count} times, for {_total.TotalMilliseconds:F0} ms.";

    /// <summary>Ends it, with everything noted. May be called again.</summary>
    public void Dispose()
    {
        _isOver.Set();
        _thread.Join();
    }

    void Watch()
    {
        TimeProvider time = TimeProvider.System;
        using SafeFileHandle file = File.OpenHandle(_path, FileMode.Create, FileAccess.Write);
        for (int tick = 0; !_isOver.IsSet; tick++)
        {
            DateTimeOffset wall = time.GetUtcNow();
            long start = time.GetTimestamp();
            _isOver.Wait(Tick);
            if (tick % TicksPerFlush == 0)
            {
                RandomAccess.Write(file, [1], 0);
                RandomAccess.FlushToDisk(file);
            }

            TimeSpan took = time.GetElapsedTime(start);
            if (took < Tick + OverrunMin)
                continue;
            _outages.Record(wall, wall + took, "machine");
            _count++;
            _total += took;
        }
    }
}

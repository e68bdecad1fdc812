using Callbacks.Journal.Disk;
using Callbacks.Journal.Log;
using Callbacks.Time;

namespace Callbacks.Journal;

/// <summary>
/// Deletes segments in which everything is settled; one with damage is set aside under another name. On a thread of its own: the folder's flush may
/// have to wait for what others write to the same file system, when callbacks become durable without, and are to be looked up.
/// </summary>
sealed partial class SegmentDeletion(
    IJournalDisk disk, SegmentList segments, SegmentSupply supply, Balance balance, ServiceTime time, ILogger<SegmentDeletion> logger) : IDisposable
{
    static readonly TimeSpan RetryWait = TimeSpan.FromSeconds(5);

    // What was let go of may have to wait for a newer one's header.
    static readonly TimeSpan LookWait = TimeSpan.FromSeconds(1);

    readonly Signal _isLetGo = new();
    readonly CancellationTokenSource _stop = new();
    Thread? _thread;
    ulong _firstInUse;
    Instant _next;
    Instant? _failingSince;

    /// <summary>Held while a segment leaves the list, for its file is closed then, or is read by another thread than the follower's.</summary>
    public Lock Files { get; } = new();

    public void Start()
    {
        _thread = new Thread(Run) { IsBackground = true, Name = "journal deletion" };
        _thread.Start();
    }

    /// <summary>The follower's: whether there is more to let go of.</summary>
    public bool MayLetGo(Segment firstInUse) => firstInUse.Number > Volatile.Read(ref _firstInUse);

    /// <summary>The follower's: nothing older is read any more.</summary>
    public void LetGo(Segment firstInUse)
    {
        Volatile.Write(ref _firstInUse, firstInUse.Number);
        _isLetGo.Set();
    }

    /// <summary>Deletes what was let go of. What can't be deleted costs room, nothing else has to wait for it: it's tried again later.</summary>
    public void RunOnce()
    {
        Instant now = time.Now;
        if (now < _next)
            return;
        try
        {
            // Oldest first, each before the next: what is found later has no gap that is not a loss.
            while (segments.Oldest is var oldest && oldest.Number < FirstToKeep)
            {
                // There may be hundreds, of a second each; the next start deletes them.
                if (_stop.IsCancellationRequested)
                    return;
                Delete(oldest);
                balance.Forget(oldest);
                supply.Wake();
            }

            if (_failingSince is { } since)
                Log.Again(logger, (now - since).TotalSeconds);
            _failingSince = null;
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            Failed(exception);
        }
    }

    public void Dispose()
    {
        _stop.Cancel();
        _thread?.Join();
        _stop.Dispose();
        _isLetGo.Dispose();
    }

    // Where nothing can be written the newest have no headers, and a start that found none at all would count from one again.
    ulong FirstToKeep => Math.Min(Volatile.Read(ref _firstInUse), segments.NewestWithHeader.Number);

    void Run()
    {
        while (true)
        {
            try
            {
                RunOnce();
                _isLetGo.Wait(LookWait, _stop.Token);
            }
            catch (OperationCanceledException)
            {
                return;
            }
            catch (Exception exception)
            {
                // Nobody has thought of it; a thread that ends by it would take the service with it.
                Failed(exception);
            }
        }
    }

    void Failed(Exception exception)
    {
        Instant now = time.Now;
        if (_failingSince is null)
            Log.Failed(logger, exception.Message);
        _failingSince ??= now;
        _next = now + RetryWait;
    }

    void Delete(Segment segment)
    {
        // Either may have happened already, and the flush failed.
        if (disk.List().Contains(segment.Name, StringComparer.Ordinal))
        {
            if (segment.Holes.Count > 0)
                disk.Rename(segment.Name, segment.DamagedName);
            else
                disk.Delete(segment.Name);
        }

        disk.FlushFolder();
        // Who reads begins with the oldest, and ends before the lock is free.
        lock (Files)
            segments.RemoveOldest();
        segment.Dispose();
    }

    static partial class Log
    {
        [LoggerMessage(Level = LogLevel.Error, Message = "A settled journal segment can't be removed, and is tried again every five seconds: {Problem}")]
        public static partial void Failed(ILogger logger, string problem);

        [LoggerMessage(Level = LogLevel.Information, Message = "Settled journal segments can be removed again after {Seconds:F1} s.")]
        public static partial void Again(ILogger logger, double seconds);
    }
}

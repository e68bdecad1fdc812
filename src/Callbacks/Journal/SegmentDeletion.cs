using Callbacks.Journal.Disk;
using Callbacks.Journal.Log;
using Callbacks.Time;

namespace Callbacks.Journal;

/// <summary>Deletes segments in which everything is settled; one with damage is set aside under another name.</summary>
/// <param name="files">Held while a segment's file goes away, or is read by another thread than the follower's.</param>
sealed partial class SegmentDeletion(
    IJournalDisk disk, SegmentList segments, SegmentSupply supply, Balance balance, Lock files, ILogger<SegmentDeletion> logger)
{
    static readonly TimeSpan RetryWait = TimeSpan.FromSeconds(5);

    Instant _next;
    Instant? _failingSince;

    public bool IsDue(Segment firstInUse, Instant now) => segments.Oldest.Number < FirstToKeep(firstInUse) && now >= _next;

    /// <summary>Deletes what is older than <paramref name="firstInUse"/>. What can't be deleted costs room, nothing else has to wait for it: it's tried again later.</summary>
    public void Run(Segment firstInUse, Instant now)
    {
        try
        {
            // Oldest first, each before the next: what is found later has no gap that is not a loss.
            while (segments.Oldest is var oldest && oldest.Number < FirstToKeep(firstInUse))
            {
                lock (files)
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
            if (_failingSince is null)
                Log.Failed(logger, exception.Message);
            _failingSince ??= now;
            _next = now + RetryWait;
        }
    }

    // Where nothing can be written the newest have no headers, and a start that found none at all would count from one again.
    ulong FirstToKeep(Segment firstInUse) => Math.Min(firstInUse.Number, segments.NewestWithHeader.Number);

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

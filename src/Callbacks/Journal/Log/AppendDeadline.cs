using Callbacks.Time;

namespace Callbacks.Journal.Log;

/// <summary>
/// Up to which receive time appends that still wait are late, or would be if they were written now. Not safe for use by several threads.
/// </summary>
sealed class AppendDeadline(ServiceTime time)
{
    /// <summary>However long the last write took, the next one may be quicker: what has waited no longer than this is tried.</summary>
    static readonly TimeSpan WaitedMin = JournalOptions.AppendTimeout / 2;

    Instant _writeBegan;
    TimeSpan _writeTook;

    public Instant Late => ReceivedBy(JournalOptions.AppendTimeout);

    /// <summary>They would be late if the next write took as long as the last one.</summary>
    public Instant Hopeless
    {
        get
        {
            TimeSpan waited = JournalOptions.AppendTimeout - _writeTook;
            return ReceivedBy(waited > WaitedMin ? waited : WaitedMin);
        }
    }

    public void WriteBegins() => _writeBegan = time.Now;

    public void WriteEnded() => _writeTook = time.Now - _writeBegan;

    Instant ReceivedBy(TimeSpan ago)
    {
        Instant now = time.Now;
        // What was received before the clock was put forward only seems to have waited for long.
        return now - JournalOptions.AppendTimeout < time.SteppedAt ? Instant.MinValue : now - ago;
    }
}

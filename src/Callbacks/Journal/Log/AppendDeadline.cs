using Callbacks.Time;

namespace Callbacks.Journal.Log;

/// <summary>
/// What is late of that which waits for the disk, and what would be if it were written now. On a disk that takes less than comes each group would be
/// late otherwise, for those before it that nobody waits for any more; and after it has hung, all that came meanwhile would have to go first. Not safe
/// for use by several threads.
/// </summary>
sealed class AppendDeadline(ServiceTime time)
{
    static readonly TimeSpan Moment = JournalOptions.AppendTimeout / 4;

    TimeSpan _writeTook;
    TimeSpan _writeBeforeTook;
    Instant _behindAt;

    /// <summary>What was received up to then is late.</summary>
    public Instant Late => ReceivedBy(JournalOptions.AppendTimeout);

    /// <summary>No group was passed over lately, and the last write was in time, if nobody waited for it, too. A group that was in time says little otherwise.</summary>
    public bool KeepsUp => _writeTook < JournalOptions.AppendTimeout && time.Now - _behindAt >= JournalOptions.AppendTimeout;

    public void Written(TimeSpan took) => (_writeTook, _writeBeforeTook) = (took, _writeTook);

    /// <summary>Whether more than half of the group would be late, and all but what came in a moment if it was filled slowly. Then it's passed over.</summary>
    public bool PassesOver(GroupBuffer group)
    {
        // One write that took long says nothing of the next; and if nothing can be in time, it's worth a try.
        TimeSpan took = _writeTook < _writeBeforeTook ? _writeTook : _writeBeforeTook;
        if (took >= JournalOptions.AppendTimeout)
            took = TimeSpan.Zero;
        if (Instant.Max(group.MiddleReceived, group.LastReceived - Moment) > ReceivedBy(JournalOptions.AppendTimeout - took))
            return false;
        _behindAt = time.Now;
        return true;
    }

    Instant ReceivedBy(TimeSpan ago)
    {
        Instant now = time.Now;
        // What was received before the clock was put forward only seems to have waited for long.
        return now - JournalOptions.AppendTimeout < time.SteppedAt ? Instant.MinValue : now - ago;
    }
}

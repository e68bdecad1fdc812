using Callbacks.Time;

namespace Callbacks.Sweep;

/// <summary>
/// How far the table has been read: what is older is held or gone, as far as we know. It goes back where rows may have appeared behind it: to the oldest
/// row of a commit, to a held row that found no room, and every few seconds to the bottom (a full pass), for rows that others wrote.
/// <para>
/// While a transaction is open that began long ago, the bottom of the index is full of entries that nothing may remove, and reading them may take longer
/// than a statement may. So a full pass that fails is skipped and made later, and one that took long is made less often.
/// </para>
/// Not safe for use by several threads.
/// </summary>
sealed class SweepPosition(TimeSpan retention, HeldRows held)
{
    // Without room for held rows they are read again instead.
    static readonly TimeSpan OverflowInterval = TimeSpan.FromMilliseconds(250);

    static readonly TimeSpan FullPassIntervalMax = TimeSpan.FromSeconds(5);
    static readonly TimeSpan FullPassPauseMax = TimeSpan.FromMinutes(5);

    /// <summary>What runs out during a full pass waits for its end.</summary>
    const int FullPassShareMin = 20;

    // Often enough that another instance's row is known before it runs out.
    readonly TimeSpan _fullPassInterval = retention / 6 < FullPassIntervalMax ? retention / 6 : FullPassIntervalMax;

    // The oldest row that found no room, and when it is read again.
    Instant _overflowFrom = Instant.MaxValue;
    Instant _overflowAt = Instant.MaxValue;

    // Rows older than _lateFrom could not be swept, or not be known, before _ableAt.
    Instant _lateFrom = Instant.MinValue;
    Instant _ableAt;

    // Rows older than this have been read before.
    Instant _reachedBefore = Instant.MinValue;

    Instant _fullPassAt = Instant.MinValue;
    Instant _fullPassBegan;
    // Where to go on when the full pass is skipped: where it began, or what came behind that since.
    Instant _neededFrom = Instant.MaxValue;
    int _fullPassFailures;
    bool _isFullPass;
    // The bottom was skipped, and nothing else has been read since.
    bool _isSkipUnproven;

    public Instant ReadFrom { get; private set; } = Instant.MinValue;

    /// <summary>No row between <see cref="ReadFrom"/> and this.</summary>
    public Instant NextSeen { get; private set; } = Instant.MinValue;

    /// <summary>Rows older than this were held before, or could not be read when they ran out: they may have been covered ever since.</summary>
    public Instant InDoubtFrom { get; private set; } = Instant.MinValue;

    /// <summary>Nothing could be swept: what runs out is not waited for.</summary>
    public bool IsHindered { get; private set; } = true;

    public void Hinder() => IsHindered = true;

    /// <summary>Goes back to where rows may have appeared, before a pass.</summary>
    /// <param name="committed">The oldest row of the commits since the last pass.</param>
    /// <param name="cutoff">Older rows have run out.</param>
    public void GoBack(Instant committed, Instant cutoff, Instant now)
    {
        bool isFull = now >= _fullPassAt && !_isFullPass;
        if (_isFullPass)
            _neededFrom = Instant.Min(_neededFrom, Instant.Min(committed, _overflowFrom));
        // While nothing could be read it wasn't the pass that took long.
        if (IsHindered)
            _fullPassBegan = now;
        if (IsHindered || isFull || committed < ReadFrom || now >= _overflowAt)
        {
            Instant needed = Instant.Min(ReadFrom, Instant.Min(committed, _overflowFrom));
            if (isFull)
                BeginFullPass(needed, now);
            Instant to = isFull ? Instant.MinValue : needed;
            Instant lateFrom = IsHindered ? cutoff : ReadFrom;
            // What was committed just now was covered by the sighting that it is of.
            if (IsHindered || isFull || _overflowFrom < Instant.MaxValue || held.HasAny(to))
                InDoubtFrom = Instant.Max(InDoubtFrom, lateFrom);
            _reachedBefore = Instant.Max(_reachedBefore, ReadFrom);
            ReadFrom = NextSeen = to;
            (_overflowFrom, _overflowAt) = (Instant.MaxValue, Instant.MaxValue);
            (_lateFrom, _ableAt) = (Instant.Max(_lateFrom, lateFrom), now);
            IsHindered = false;
        }

        NextSeen = Instant.Min(NextSeen, committed);
    }

    /// <summary>All rows older than <paramref name="to"/> have been read, and are about to be held or deleted.</summary>
    /// <param name="next">No row between there and this.</param>
    /// <param name="isLast">There were no more of those that have run out.</param>
    public void Read(Instant to, Instant next, bool isLast, Instant now)
    {
        if (ReadFrom < _reachedBefore)
            held.Forget(ReadFrom, to);
        (ReadFrom, NextSeen) = (to, next);
        _isSkipUnproven = false;
        if (!_isFullPass || !(isLast || to >= _reachedBefore))
            return;
        _isFullPass = false;
        _fullPassFailures = 0;
        _fullPassAt = Instant.Max(_fullPassAt, After((now - _fullPassBegan) * FullPassShareMin, now));
    }

    /// <summary>A row that is still there found no room: it is read again soon.</summary>
    public void LookAgain(Instant from, Instant now) =>
        (_overflowFrom, _overflowAt) = (Instant.Min(_overflowFrom, from), Instant.Min(_overflowAt, now + OverflowInterval));

    /// <summary>A pass has failed.</summary>
    /// <param name="lost">The oldest row that had been read, was not deleted, and is not held.</param>
    /// <param name="isTooSlow">A statement ran out of time.</param>
    public void Failed(Instant lost, bool isTooSlow, Instant cutoff, Instant now)
    {
        bool isReadAgain = _isFullPass || ReadFrom < _reachedBefore;
        _reachedBefore = Instant.Max(_reachedBefore, ReadFrom);
        _neededFrom = Instant.Min(_neededFrom, lost);
        Instant resume = ReadFrom;
        if (isTooSlow && _isSkipUnproven)
            // It isn't the bottom: the server hangs, or somebody keeps the table locked.
            (_fullPassAt, _fullPassFailures, _isSkipUnproven) = (now, 0, false);
        else if (isTooSlow && isReadAgain)
            resume = Skip(cutoff, now);
        ReadFrom = Instant.Min(resume, lost);
        IsHindered = true;
    }

    /// <summary>Returns where to go on; what is below is read by the next full pass.</summary>
    Instant Skip(Instant cutoff, Instant now)
    {
        Instant resume = _isFullPass ? _neededFrom : _reachedBefore;
        _isFullPass = false;
        _isSkipUnproven = true;
        _fullPassAt = After(_fullPassInterval * (1 << Math.Min(++_fullPassFailures, 10)), now);
        // At a start nothing has been read; what runs out from now on isn't kept waiting either.
        return resume == Instant.MinValue ? cutoff : resume;
    }

    /// <summary>Since when nothing has kept a row, as far as it could be known.</summary>
    public Instant DueAt(Instant lastSeen) => lastSeen < _lateFrom ? Instant.Max(_ableAt, lastSeen + retention) : lastSeen + retention;

    /// <summary>
    /// How long until there may be something to do again: a row runs out, or rows are to be read again. Not positive while the journal has not
    /// read as far as the time at which a row ran out: it may at any moment.
    /// </summary>
    public TimeSpan FindDelay(Instant now)
    {
        // A row goes when its time is before the cutoff, and timers count whole milliseconds.
        TimeSpan delay = NextSeen + retention + TimeSpan.FromMilliseconds(1) - now;
        Instant again = Instant.Min(_fullPassAt, _overflowAt);
        return again - now < delay ? again - now : delay;
    }

    static Instant After(TimeSpan pause, Instant now) => now + (pause < FullPassPauseMax ? pause : FullPassPauseMax);

    void BeginFullPass(Instant needed, Instant now)
    {
        // Reading what is held again shouldn't cost more than the sweep itself.
        _fullPassAt = now + _fullPassInterval * (1 + held.Count / HeldRows.PassRowsMax);
        _fullPassBegan = now;
        _isFullPass = true;
        _neededFrom = needed;
    }
}

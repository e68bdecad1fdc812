namespace Callbacks.Journal;

/// <summary>
/// Whether visits at one age pay. When far more ids come in than can be looked up, next to no callback is settled before it expires, and to visit each
/// twenty times on the way costs more than all else that is done for it. Then one group in some shows when it pays again; nothing depends on
/// the others, for the last visit misses none. Small groups are visited always: their load is no burden.
/// </summary>
sealed class VisitYield
{
    const int SmallGroupCallbacks = 32;
    const int SampleOneIn = 16;

    /// <summary>One visit in so many has to settle its callback.</summary>
    const int WorthwhileOneIn = 32;

    const int JudgedVisits = 64;

    bool _pays = true;
    int _skipped;
    int _visits;
    int _settled;

    /// <summary>Whether to visit a group.</summary>
    public bool IsDue(int callbacks) => _pays || callbacks < SmallGroupCallbacks || ++_skipped % SampleOneIn == 0;

    public void Record(in GroupVisit visit)
    {
        _visits += visit.Settled + visit.Pending;
        _settled += visit.Settled;
        if (_visits < JudgedVisits)
            return;
        _pays = _settled * WorthwhileOneIn >= _visits;
        (_visits, _settled) = (0, 0);
    }
}

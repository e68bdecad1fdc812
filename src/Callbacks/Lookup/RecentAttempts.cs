using Callbacks.Journal.Pending;
using Callbacks.Time;

namespace Callbacks.Lookup;

/// <summary>What the in-flight limit judges an upstream by: the attempts of a quarter of a second from the first failure, or of a whole one where they are few.</summary>
sealed class RecentAttempts
{
    const int Enough = 32;
    const int EnoughOfFew = 8;

    /// <summary>Where so many of those have failed that were begun after the first failure, there is nothing to wait for.</summary>
    const double FailuresObvious = 0.8;

    /// <summary>More ids than this are not counted.</summary>
    const int FailingIdsMax = 4;

    /// <summary>Those whose time is up, or whose connections were closed together, come all at once, before the others that belong to them.</summary>
    static readonly TimeSpan SpanMin = TimeSpan.FromMilliseconds(250);

    /// <summary>A slow trickle of failures is told from none.</summary>
    static readonly TimeSpan SpanMax = TimeSpan.FromSeconds(1);

    readonly HashSet<long> _failingIds = [];
    Instant _from;
    Instant _failingSince;
    int _begun;
    int _ended;
    int _failures;
    int _timeouts;
    int _throttled;
    int _failedAtOnce;
    int _begunSinceFailing;
    int _failedSinceFailing;
    int _inFlight;

    /// <summary>At any moment of it.</summary>
    public int MostInFlight { get; private set; }

    /// <summary>How many ids have failed, up to four.</summary>
    public int FailingIds => _failingIds.Count;

    /// <summary>
    /// Of all that have ended, or of all that have been begun where these are more: of thousands that are begun together the first to end are those
    /// that fail at once.
    /// </summary>
    public double FailedShare => _failures == 0 ? 0 : (double)_failures / Math.Max(_begun, _ended);

    /// <summary>Most of the failures are of lookups that ran out of time.</summary>
    public bool TimeOut => _timeouts * 2 > _failures;

    /// <summary>Most of the failures were refusals: told so, or not let in.</summary>
    public bool AreRefused => Math.Max(_throttled, _failedAtOnce) * 2 > _failures;

    public bool AreEnough(Instant now) => now - (_failures == 0 ? _from : _failingSince) >= (_failures == 0 || _ended >= Enough ? SpanMin : SpanMax);

    public bool FailObviously =>
        _failedSinceFailing >= Math.Clamp(MostInFlight / 4, EnoughOfFew, Enough) && _failedSinceFailing >= _begunSinceFailing * FailuresObvious;

    public void Saw(int inFlight)
    {
        _inFlight = inFlight;
        MostInFlight = Math.Max(MostInFlight, inFlight);
    }

    public void Begun(Instant now)
    {
        Open(now);
        _begun++;
        if (_failures > 0)
            _begunSinceFailing++;
    }

    public void NotBegun() => (_begun, _begunSinceFailing) = (Math.Max(0, _begun - 1), Math.Max(0, _begunSinceFailing - 1));

    public void Succeeded(Instant now)
    {
        Open(now);
        _ended++;
    }

    public void Failed(long id, LookupFailure failure, Instant begun, Instant now)
    {
        Open(now);
        _ended++;
        if (_failures++ == 0)
            _failingSince = now;
        if (failure == LookupFailure.Timeout)
            _timeouts++;
        else if (failure == LookupFailure.Throttled)
            _throttled++;
        if (_failingIds.Count < FailingIdsMax)
            _failingIds.Add(id);
        if (now - begun > SpanMin)
            return;
        _failedAtOnce++;
        if (begun >= _failingSince)
            _failedSinceFailing++;
    }

    public void Clear()
    {
        (_begun, _ended, _failures, _timeouts, _throttled, _failedAtOnce, _begunSinceFailing, _failedSinceFailing) = (0, 0, 0, 0, 0, 0, 0, 0);
        MostInFlight = _inFlight;
        _failingIds.Clear();
    }

    void Open(Instant now)
    {
        if (_begun == 0 && _ended == 0)
            _from = now;
    }
}

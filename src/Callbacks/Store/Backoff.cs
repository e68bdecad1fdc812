namespace Callbacks.Store;

/// <summary>
/// Doubling delays up to a cap. No jitter: each instance has one connection that waits, and a server that comes back bears those.
/// </summary>
sealed class Backoff(TimeSpan first, TimeSpan cap)
{
    TimeSpan _last;

    public TimeSpan Next()
    {
        TimeSpan next = _last == TimeSpan.Zero ? first : _last * 2;
        _last = next < cap ? next : cap;
        return _last;
    }

    public void Reset() => _last = TimeSpan.Zero;
}

namespace Callbacks.Lookup;

/// <summary>
/// For how long lookups have been waiting without a usable answer to any of them. An upstream that hangs is seen by this before the first
/// lookup has failed, one that answers nonsense to everything is seen by nothing else. Not safe for use by several threads.
/// </summary>
sealed class Silence(TimeProvider timers)
{
    /// <summary>A good upstream takes up to 4 s for an answer.</summary>
    static readonly TimeSpan TellAfter = TimeSpan.FromSeconds(5);

    // The last usable answer, or the first lookup after a time in which there was none to make. Null: there is none to make.
    long? _since;

    public void Asked(long timestamp) => _since ??= timestamp;

    public void Answered(long timestamp) => _since = timestamp;

    public void NothingWaits() => _since = null;

    /// <summary>Null when it is not worth a word.</summary>
    public TimeSpan? Length => _since is { } since && timers.GetElapsedTime(since) is var length && length >= TellAfter ? length : null;
}

namespace Callbacks.Lookup;

/// <summary>How lookups are going.</summary>
/// <param name="IsUpstreamAway">Only probes go out.</param>
/// <param name="Silence">For how long lookups have waited without a usable answer to any of them; null while that is not worth a word.</param>
/// <param name="Answers">Usable answers in this life of the process, and <paramref name="Failures"/> by kind.</param>
readonly record struct LookupStatus(
    bool IsUpstreamAway, TimeSpan? Silence, int InFlight, int InFlightLimit, int InFlightMax, long Attempts, long Answers, IReadOnlyDictionary<string, long> Failures)
{
    /// <summary>The upstream's, in a word.</summary>
    public string State => IsUpstreamAway ? "away" : Silence is null ? "up" : "silent";
}

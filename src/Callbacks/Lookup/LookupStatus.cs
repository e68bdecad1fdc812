namespace Callbacks.Lookup;

/// <summary>How lookups are going.</summary>
/// <param name="IsUpstreamAway">Only probes go out.</param>
/// <param name="Answers">Usable answers in this life of the process, and <paramref name="Failures"/> by kind.</param>
readonly record struct LookupStatus(bool IsUpstreamAway, int InFlight, int InFlightLimit, int InFlightMax, long Attempts, long Answers, IReadOnlyDictionary<string, long> Failures);

using System.Text.Json.Serialization;

namespace Callbacks.View;

/// <summary>The body of <c>GET /status</c>.</summary>
/// <param name="State"><c>ok</c>, <c>degraded</c> (something that callbacks don't need to be accepted is away, or needs a look), <c>recovering</c> or <c>refusing</c>.</param>
/// <param name="Reasons">A sentence for each thing that is not as it should be.</param>
sealed record StatusView(
    string State, IReadOnlyList<string> Reasons, BalanceView Balance, CallbackView Callbacks, double? OldestPendingAgeSeconds, RateView RatesPerSecond,
    JournalView Journal, LookupView Lookup, StoreView Postgresql, SweepView Sweep);

/// <summary>Sightings, in this life of the process: pending at its start + acknowledged = stored + offline + unknown + expired + pending.</summary>
sealed record BalanceView(
    long PendingAtStart, long Acknowledged, long Stored, long Offline, long Unknown, long Expired, long Pending, bool IsBalanced,
    IReadOnlyDictionary<string, long> ExpiredByLastFailure);

sealed record CallbackView(long Acknowledged, long Settled, long Pending);

sealed record JournalView(string State, int Segments, long Bytes, int SpareSegments, IReadOnlyList<string> Damage);

/// <param name="State"><c>up</c>, <c>silent</c> (lookups wait, and none gets a usable answer) or <c>away</c> (only probes go out).</param>
/// <param name="SilentSeconds">Since the last usable answer; null while nothing waits, or it is less than 5 s.</param>
/// <param name="Ids">Distinct ids in the window, by where they stand.</param>
sealed record LookupView(
    string State, double? SilentSeconds, int InFlight, int InFlightLimit, int InFlightMax, long Attempts, long Answers, IReadOnlyDictionary<string, long> Failures, WindowView Ids);

sealed record WindowView(int Total, int Waiting, int Backoff, int Answered, int ToStore, bool IsOverloaded);

sealed record StoreView(string State, string Since, string? Error, long RowsStored);

sealed record SweepView(
    string State, string? Error, long RowsSwept, long RowsHeld, double LastLatenessSeconds, double MaxLatenessSeconds, double RetentionSeconds);

/// <summary>The body of <c>GET /livez</c> and <c>GET /readyz</c>.</summary>
sealed record HealthView(string Status, IReadOnlyList<string> Reasons);

[JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.SnakeCaseLower, WriteIndented = true)]
[JsonSerializable(typeof(StatusView))]
[JsonSerializable(typeof(HealthView))]
sealed partial class StatusJson : JsonSerializerContext;

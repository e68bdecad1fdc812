using System.Text.Json;
using Callbacks.Tester.Screen;

namespace Callbacks.Tester.Send;

/// <summary>How it went, as plain lines and for programs.</summary>
sealed class SendReport(SendPlan plan, SendState state)
{
    static readonly JsonSerializerOptions Json = new() { PropertyNamingPolicy = JsonNamingPolicy.SnakeCaseLower };

    /// <summary>The shape is documented in docs/tester.md: fields may be added, and none changes.</summary>
    public string ToJson() => JsonSerializer.Serialize(
        new
        {
            Sent = state.Ended,
            state.Ids,
            Seconds = Math.Round(state.Elapsed.TotalSeconds, 3),
            CallbacksPerSecond = Math.Round(state.RateOverall, 3),
            Connections = plan.FreshConnections ? "fresh" : "kept",
            plan.Seed,
            state.Accepted,
            state.Answered,
            NoAnswer = state.Unanswered,
            LatencyMs = new
            {
                P50 = Quantile(0.5),
                P90 = Quantile(0.9),
                P95 = Quantile(0.95),
                P99 = Quantile(0.99),
                Max = Quantile(1),
            },
        },
        Json);

    public string ToText()
    {
        string connections = plan.FreshConnections ? "a connection each" : "kept-alive connections";
        return $"""
            sent       {state.Ended} callbacks with {state.Ids} ids in {state.Elapsed.TotalSeconds:F1} s, {connections}, seed {plan.Seed}
            answered   {List(state.Answered)}
            no answer  {List(state.Unanswered)}
            latency    p50 {Quantile(0.5)} ms, p90 {Quantile(0.9)} ms, p99 {Quantile(0.99)} ms, max {Quantile(1)} ms
            """;
    }

    /// <summary>One line on the way.</summary>
    public string ToProgress() =>
        $"{Figure.Length(state.Elapsed),8}  sent {state.Begun}, {Figure.Rate(state.RateNow)}; answered {List(state.Answered)}; "
        + $"no answer {List(state.Unanswered)}; p50 {Quantile(0.5)} ms, p99 {Quantile(0.99)} ms";

    static string List(IReadOnlyDictionary<string, long> counts) =>
        counts.Count == 0 ? "0" : string.Join(", ", counts.Select(pair => $"{pair.Key}: {pair.Value}"));

    /// <summary>In milliseconds; 0 when nothing was answered.</summary>
    double Quantile(double share) => Math.Round(state.Latencies.Quantile(share) / 1000.0, 3);
}

using System.Text.Json;

namespace Callbacks.SystemTests.Acceptance;

/// <summary>What the sender says at its end.</summary>
sealed record SendFigures
{
    static readonly JsonSerializerOptions Json = new() { PropertyNamingPolicy = JsonNamingPolicy.SnakeCaseLower };

    public required long Sent { get; init; }

    /// <summary>By status.</summary>
    public required Dictionary<string, long> Answered { get; init; }

    /// <summary>By kind: <c>refused</c>, <c>closed</c>, <c>timeout</c>, <c>other</c>.</summary>
    public required Dictionary<string, long> NoAnswer { get; init; }

    public required LatencyFigures LatencyMs { get; init; }

    public long Accepted => Answered.GetValueOrDefault("202");

    public static SendFigures Parse(string json) => JsonSerializer.Deserialize<SendFigures>(json, Json)!;

    public long Unanswered(string kind) => NoAnswer.GetValueOrDefault(kind);

    /// <summary>
    /// Everything was answered 202, but for what a machine that stands still brings about: a sender's patience ends, a group is not on disk in time (503).
    /// </summary>
    /// <param name="closed">Connections that were closed while a post was on its way, and may have been.</param>
    /// <param name="lateMax">Share of what was sent.</param>
    public void AssertAccepted(long closed = 0, double lateMax = 0.05)
    {
        long late = Unanswered("timeout") + Answered.GetValueOrDefault("503");
        Assert.True(Sent == Accepted + late + closed && late <= Sent * lateMax, $"{this}");
    }

    public override string ToString() =>
        $"sent {Sent}; answered {List(Answered)}; no answer {List(NoAnswer)}; p50 {LatencyMs.P50} ms, p99 {LatencyMs.P99} ms, max {LatencyMs.Max} ms";

    static string List(Dictionary<string, long> counts) => counts.Count == 0 ? "0" : string.Join(", ", counts.Select(pair => $"{pair.Key}: {pair.Value}"));

    internal sealed record LatencyFigures
    {
        public required double P50 { get; init; }

        public required double P99 { get; init; }

        public required double Max { get; init; }
    }
}

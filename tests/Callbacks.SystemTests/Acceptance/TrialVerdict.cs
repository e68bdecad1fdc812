using System.Text.Json;

namespace Callbacks.SystemTests.Acceptance;

/// <summary>What <c>tester verify --json</c> says.</summary>
sealed record TrialVerdict
{
    static readonly JsonSerializerOptions Json = new() { PropertyNamingPolicy = JsonNamingPolicy.SnakeCaseLower };

    public required bool Good { get; init; }

    public required long Missed { get; init; }

    public required long Wrong { get; init; }

    public required long Sightings { get; init; }

    public required double JudgedShare { get; init; }

    public required Dictionary<string, long> Outcomes { get; init; }

    public required Dictionary<string, long> Wrongs { get; init; }

    public required long PassedOver { get; init; }

    public required long Callbacks { get; init; }

    public required long Lookups { get; init; }

    public required LatenessFigures LatenessMs { get; init; }

    public required Dictionary<string, string[]> Examples { get; init; }

    public required string[] MissedExamples { get; init; }

    public static TrialVerdict Parse(string json) => JsonSerializer.Deserialize<TrialVerdict>(json, Json)!;

    public override string ToString()
    {
        string text = $"{(Good ? "GOOD" : "BAD")}: missed {Missed}, wrong {Wrong}, judged {JudgedShare:P2} of {Sightings} sightings in {Callbacks} callbacks; "
            + $"{Lookups} lookups; {List(Outcomes)}; passed over {PassedOver}; "
            + $"swept {LatenessMs.Rows} rows, p50 {LatenessMs.P50} ms, p99 {LatenessMs.P99} ms, max {LatenessMs.Max} ms late";
        return Good ? text : string.Join('\n', [text, $"wrong: {List(Wrongs)}", .. Examples.SelectMany(pair => pair.Value.Take(5)), .. MissedExamples.Take(10)]);
    }

    static string List(Dictionary<string, long> counts) =>
        string.Join(", ", counts.Where(pair => pair.Value > 0).Select(pair => $"{pair.Key.Replace('_', ' ')} {pair.Value}"));

    internal sealed record LatenessFigures
    {
        public required long Rows { get; init; }

        public required double P50 { get; init; }

        public required double P99 { get; init; }

        public required double Max { get; init; }
    }
}

using System.Text;
using System.Text.Json;
using Callbacks.Tester.Records;
using Callbacks.Tester.Screen;

namespace Callbacks.Tester.Verify;

/// <summary>The verdict as people read it, and as programs do.</summary>
sealed class VerdictReport(Verdict verdict, string? status)
{
    static readonly JsonSerializerOptions Json = new()
    {
        PropertyNamingPolicy = JsonNamingPolicy.SnakeCaseLower,
        DictionaryKeyPolicy = JsonNamingPolicy.SnakeCaseLower,
    };

    public string ToText()
    {
        var text = new StringBuilder();
        text.AppendLine($"callbacks  {verdict.Callbacks}, {verdict.Sightings} sightings; {verdict.Promoted} unanswered callbacks turned out to count");
        text.AppendLine($"lookups    {verdict.Lookups}, {verdict.OverlappingLookups} of them while another of the same id was running");
        text.AppendLine($"changes    {verdict.Changes}, {verdict.Sweeps} of them sweeps");
        text.AppendLine($"judged     {verdict.Judged} of {verdict.Sightings} sightings, {verdict.JudgedShare:P2}");
        foreach (SightingOutcome outcome in Enum.GetValues<SightingOutcome>())
            text.AppendLine($"           {Figure.Words(outcome),-24} {verdict[outcome]}");
        text.AppendLine($"           passed over {(verdict.Rules.Strict ? "(wrong)" : "(no verdict)"),-12} {verdict.PassedOver}");
        text.AppendLine($"swept      {verdict.Lateness.Count} rows that only their last_seen covered: "
            + $"p50 {verdict.LateMs(0.5)} ms, p99 {verdict.LateMs(0.99)} ms, max {verdict.LateMs(1)} ms after last_seen + {verdict.Rules.Retention / Moment.PerSecond} s");
        foreach (Wrong wrong in Enum.GetValues<Wrong>().Where(wrong => verdict[wrong] > 0))
            Append(text, Figure.Words(wrong), verdict[wrong], verdict.Examples(wrong));
        if (verdict.Missed > 0)
            Append(text, "missed", verdict.Missed, verdict.MissedExamples);
        if (status is not null)
            text.AppendLine($"status     {status}");
        text.Append($"{(verdict.IsGood ? "GOOD" : "BAD")}: missed {verdict.Missed}, wrong {verdict.WrongTotal}, judged {verdict.JudgedShare:P2}");
        return text.ToString();
    }

    public string ToJson() => JsonSerializer.Serialize(
        new
        {
            Good = verdict.IsGood,
            verdict.Missed,
            Wrong = verdict.WrongTotal,
            verdict.Sightings,
            verdict.Judged,
            verdict.JudgedShare,
            Outcomes = Enum.GetValues<SightingOutcome>().ToDictionary(outcome => outcome.ToString(), outcome => verdict[outcome], StringComparer.Ordinal),
            Wrongs = Enum.GetValues<Wrong>().ToDictionary(wrong => wrong.ToString(), wrong => verdict[wrong], StringComparer.Ordinal),
            verdict.PassedOver,
            verdict.Callbacks,
            verdict.Promoted,
            verdict.Lookups,
            verdict.OverlappingLookups,
            verdict.Changes,
            verdict.Sweeps,
            LatenessMs = new { Rows = verdict.Lateness.Count, P50 = verdict.LateMs(0.5), P99 = verdict.LateMs(0.99), Max = verdict.LateMs(1) },
            Examples = Enum.GetValues<Wrong>().Where(wrong => verdict[wrong] > 0)
                .ToDictionary(wrong => wrong.ToString(), verdict.Examples, StringComparer.Ordinal),
            verdict.MissedExamples,
            Status = status is null ? null : System.Text.Json.Nodes.JsonNode.Parse(status),
        },
        Json);

    static void Append(StringBuilder text, string kind, long count, IReadOnlyList<string> examples)
    {
        text.AppendLine($"{kind}: {count}");
        foreach (string example in examples)
            text.AppendLine($"  {example}");
        if (count > examples.Count)
            text.AppendLine($"  ... and {count - examples.Count} more");
    }
}

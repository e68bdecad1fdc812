using System.Text.Json;
using Callbacks.Tester.Records;

namespace Callbacks.Tester.Send;

/// <summary>What became of all POSTs, counted. Used from many threads.</summary>
sealed class SendSummary
{
    static readonly JsonSerializerOptions Json = new() { PropertyNamingPolicy = JsonNamingPolicy.SnakeCaseLower };

    readonly Lock _lock = new();
    readonly SortedDictionary<string, long> _byStatus = new(StringComparer.Ordinal);
    readonly SortedDictionary<string, long> _unanswered = new(StringComparer.Ordinal);
    readonly List<int> _latencies = [];
    long _sent;
    long _ids;

    public void Add(PostRecord post)
    {
        lock (_lock)
        {
            _sent++;
            _ids += post.Ids.Count;
            if (post.Outcome == PostOutcome.Answered)
            {
                string status = post.Status.ToString();
                _byStatus[status] = _byStatus.GetValueOrDefault(status) + 1;
                _latencies.Add((int)Math.Min(post.SendEnd - post.SendStart, int.MaxValue));
            }
            else
            {
#pragma warning disable CA1308 // These are the field names of the JSON, not text to compare.
                string kind = post.Outcome.ToString().ToLowerInvariant();
#pragma warning restore CA1308
                _unanswered[kind] = _unanswered.GetValueOrDefault(kind) + 1;
            }
        }
    }

    public string ToJson(SendPlan plan, TimeSpan elapsed)
    {
        lock (_lock)
        {
            int[] sorted = Sorted();
            return JsonSerializer.Serialize(
                new
                {
                    Sent = _sent,
                    Ids = _ids,
                    Seconds = Math.Round(elapsed.TotalSeconds, 3),
                    Connections = plan.FreshConnections ? "fresh" : "kept",
                    plan.Seed,
                    Answered = _byStatus,
                    NoAnswer = _unanswered,
                    LatencyMs = new
                    {
                        P50 = Quantile(sorted, 0.5),
                        P90 = Quantile(sorted, 0.9),
                        P99 = Quantile(sorted, 0.99),
                        Max = Quantile(sorted, 1),
                    },
                },
                Json);
        }
    }

    public string ToText(SendPlan plan, TimeSpan elapsed)
    {
        lock (_lock)
        {
            int[] sorted = Sorted();
            string connections = plan.FreshConnections ? "a connection each" : "kept-alive connections";
            return $"""
                sent       {_sent} callbacks with {_ids} ids in {elapsed.TotalSeconds:F1} s, {connections}, seed {plan.Seed}
                answered   {List(_byStatus)}
                no answer  {List(_unanswered)}
                latency    p50 {Quantile(sorted, 0.5)} ms, p90 {Quantile(sorted, 0.9)} ms, p99 {Quantile(sorted, 0.99)} ms, max {Quantile(sorted, 1)} ms
                """;
        }
    }

    static string List(SortedDictionary<string, long> counts) =>
        counts.Count == 0 ? "0" : string.Join(", ", counts.Select(pair => $"{pair.Key}: {pair.Value}"));

    /// <summary>In milliseconds; 0 when nothing was answered.</summary>
    static double Quantile(int[] sorted, double share) =>
        sorted.Length == 0 ? 0 : Math.Round(sorted[Math.Max(0, (int)Math.Ceiling(sorted.Length * share) - 1)] / 1000.0, 3);

    int[] Sorted()
    {
        int[] sorted = [.. _latencies];
        Array.Sort(sorted);
        return sorted;
    }
}

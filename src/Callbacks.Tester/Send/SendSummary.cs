using Callbacks.Tester.Records;
using Callbacks.Tester.Screen;

namespace Callbacks.Tester.Send;

/// <summary>What became of all POSTs, counted, in bounded memory. Used from many threads.</summary>
sealed class SendSummary(TimeProvider time)
{
    readonly Lock _lock = new();
    readonly SortedDictionary<string, long> _byStatus = new(StringComparer.Ordinal);
    readonly SortedDictionary<string, long> _unanswered = new(StringComparer.Ordinal);
    readonly LatencyHistogram _latencies = new();
    readonly RecentSeconds _recent = new();
    readonly long _start = time.GetTimestamp();
    long _begun;
    long _ended;
    long _accepted;
    long _ids;

    public void Begin()
    {
        lock (_lock)
        {
            _begun++;
            _recent.Count(Second, 1);
        }
    }

    public void End(PostRecord post)
    {
        lock (_lock)
        {
            _ended++;
            _ids += post.Ids.Count;
            if (post.Outcome == PostOutcome.Answered)
            {
                Increment(_byStatus, post.Status.ToString());
                if (post.IsAcknowledged)
                    _accepted++;
                int latency = (int)Math.Min(post.SendEnd - post.SendStart, int.MaxValue);
                _latencies.Add(latency);
                _recent.Time(Second, latency);
            }
            else
            {
#pragma warning disable CA1308 // These are the field names of the JSON, not text to compare.
                Increment(_unanswered, post.Outcome.ToString().ToLowerInvariant());
#pragma warning restore CA1308
            }
        }
    }

    /// <summary>All of it as it is now: a copy of 180 KB, so that no sender waits for whoever reads it.</summary>
    public SendState Take()
    {
        lock (_lock)
        {
            return new SendState
            {
                Elapsed = time.GetElapsedTime(_start),
                Begun = _begun,
                Ended = _ended,
                Ids = _ids,
                Accepted = _accepted,
                Answered = new SortedDictionary<string, long>(_byStatus, StringComparer.Ordinal),
                Unanswered = new SortedDictionary<string, long>(_unanswered, StringComparer.Ordinal),
                Latencies = _latencies.Copy(),
                RateNow = _recent.Rate(Second),
                BegunEachSecond = _recent.Events(Second),
                SlowestEachSecond = _recent.Slowest(Second),
            };
        }
    }

    long Second => (long)time.GetElapsedTime(_start).TotalSeconds;

    static void Increment(SortedDictionary<string, long> counts, string key) => counts[key] = counts.GetValueOrDefault(key) + 1;
}

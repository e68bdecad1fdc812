namespace Callbacks.Tester.Send;

/// <summary>What had become of all POSTs at one moment.</summary>
sealed record SendState
{
    public required TimeSpan Elapsed { get; init; }

    /// <summary>Begun, whether or not they have ended.</summary>
    public required long Begun { get; init; }

    /// <summary>Ended: answered, or not to be answered any more.</summary>
    public required long Ended { get; init; }

    /// <summary>In those that have ended.</summary>
    public required long Ids { get; init; }

    /// <summary>Answered with 2xx.</summary>
    public required long Accepted { get; init; }

    /// <summary>All answers, by status.</summary>
    public required IReadOnlyDictionary<string, long> Answered { get; init; }

    /// <summary>By kind, as <see cref="Records.PostOutcome"/> names them.</summary>
    public required IReadOnlyDictionary<string, long> Unanswered { get; init; }

    /// <summary>Of what was answered.</summary>
    public required LatencyHistogram Latencies { get; init; }

    /// <summary>Begun per second of late.</summary>
    public required double RateNow { get; init; }

    /// <summary>Begun in each whole second of the last minute, oldest first.</summary>
    public required long[] BegunEachSecond { get; init; }

    /// <summary>The slowest answer in each of them, in microseconds; 0 where there was none.</summary>
    public required long[] SlowestEachSecond { get; init; }

    public double RateOverall => Begun / Math.Max(0.001, Elapsed.TotalSeconds);

    /// <summary>Answered with another status than 2xx.</summary>
    public IEnumerable<KeyValuePair<string, long>> NotAccepted => Answered.Where(pair => !IsAccepted(pair.Key));

    static bool IsAccepted(string status) => status is ['2', ..];
}

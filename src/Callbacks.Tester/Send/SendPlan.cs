namespace Callbacks.Tester.Send;

/// <summary>What to send, and how. The defaults are the task's own sender.</summary>
sealed record SendPlan
{
    /// <summary>Where the service is; the callbacks go to <c>callback</c> below it.</summary>
    public required Uri Url { get; init; }

    /// <summary>
    /// Callbacks per second. Open loop: the n-th is due n / rate seconds after the start, whatever became of those before it.
    /// </summary>
    public double Rate { get; init; } = 0.2;

    /// <summary>Ids per callback; drawn with repetition, as the task's sender does.</summary>
    public IntRange IdsPerCallback { get; init; } = new(0, 199);

    public IntRange Ids { get; init; } = new(0, 99);

    /// <summary>Null: until stopped.</summary>
    public TimeSpan? Duration { get; init; }

    /// <summary>How long an answer is waited for, connecting included. What isn't answered is never sent again.</summary>
    public TimeSpan Patience { get; init; } = TimeSpan.FromSeconds(1);

    /// <summary>A connection per POST instead of kept-alive ones.</summary>
    public bool FreshConnections { get; init; }

    /// <summary>Kept-alive connections at most; a POST that finds none free waits, within its patience.</summary>
    public int ConnectionsMax { get; init; } = 1_000;

    public int Seed { get; init; }
}

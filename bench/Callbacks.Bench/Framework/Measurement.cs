namespace Callbacks.Bench.Framework;

/// <summary>
/// One row of the table of what must be reached. A run takes its sides one after the other; the runs follow each other, so that the sides
/// come in turn (A B A B ...) and a machine that grows slower meanwhile slows both.
/// </summary>
abstract class Measurement
{
    /// <summary>As on the command line.</summary>
    public abstract string Name { get; }

    /// <summary>One sentence: what is compared with what, and what must be reached.</summary>
    public abstract string What { get; }

    public abstract IReadOnlyList<string> Sides { get; }

    /// <summary>In a smoke run: at least one of each kind.</summary>
    public virtual IReadOnlyList<string> SmokeSides => Sides;

    /// <summary>The side that is another build of the service (<see cref="BenchContext.Build"/>), for benches that can take it.</summary>
    public const string Other = "other build";

    public virtual bool TakesOther => false;

    /// <summary>Runs unless somebody says otherwise: one where a side takes minutes.</summary>
    public virtual int Runs => 3;

    /// <summary>What all sides share: once, not measured.</summary>
    public virtual Task PrepareAsync(BenchContext context) => Task.CompletedTask;

    /// <summary>Takes one side once.</summary>
    public abstract Task<SideResult> MeasureAsync(string side, BenchContext context);

    /// <summary>The last line, and whether the bar is reached.</summary>
    public abstract Verdict Judge(BenchRuns runs, BenchContext context);

    public virtual ValueTask CleanUpAsync() => ValueTask.CompletedTask;

    /// <summary>Takes each side once and throws it away. Where sides share a process or a server, the first would pay for what the others find compiled and cached.</summary>
    protected async Task WarmUpAsync(BenchContext context)
    {
        if (context.IsSmoke)
            return;
        foreach (string side in Sides)
        {
            context.Where = $"{Name} warm-up {side}";
            await MeasureAsync(side, context);
        }
    }
}

/// <param name="Text">Figures for the last line, without the verdict itself.</param>
/// <param name="VoidBecause">A bare side was too slow to be a measure: why, else null.</param>
sealed record Verdict(string Text, bool IsReached, Ratio? Ratio = null, string? VoidBecause = null)
{
    public string Line(string bench) => VoidBecause is { } reason
        ? $"{bench}: {Text}: void, {reason}"
        : $"{bench}: {Text}: {(IsReached ? "reached" : "NOT reached")}";
}

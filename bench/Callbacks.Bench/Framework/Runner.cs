namespace Callbacks.Bench.Framework;

/// <summary>Takes the sides in turn, judges, and writes the report.</summary>
static class Runner
{
    /// <returns>Whether the bar is reached; in a smoke run, whether it ran and did what it should.</returns>
    public static async Task<bool> RunAsync(Measurement bench, BenchOptions options, CancellationToken stop)
    {
        using var context = new BenchContext(options, stop);
        context.Say($"{bench.Name}: {bench.What}");
        DateTimeOffset at = BenchContext.Time.GetUtcNow();
        Machine machine = await Machine.ReadAsync();
        IReadOnlyList<string> sides = options.IsSmoke ? bench.SmokeSides : bench.Sides;
        if (options.Other is not null)
            sides = [.. sides, Measurement.Other];
        int runs = options.Runs ?? (options.IsSmoke ? 1 : bench.Runs);
        var results = new List<SideResult>();
        try
        {
            await bench.PrepareAsync(context);
            for (int run = 1; run <= runs; run++)
            {
                foreach (string side in options.Other is null ? sides : Turned(sides, run - 1))
                {
                    context.Where = $"{bench.Name} {run}/{runs} {side}";
                    context.Build = side == Measurement.Other ? options.Other : null;
                    context.Variables.Clear();
                    SideResult result = await bench.MeasureAsync(side, context);
                    result.Run = run;
                    results.Add(result);
                    context.Say($"{result}");
                    foreach (string problem in result.Problems)
                        context.Say($"NOT as it should be: {problem}");
                }
            }
        }
        finally
        {
            context.Where = "";
            await bench.CleanUpAsync();
        }

        Verdict verdict = bench.Judge(new BenchRuns(results), context);
        bool isSound = results.All(result => result.Problems.Count == 0);
        if (!isSound)
            verdict = verdict with { IsReached = false };
        string page = await new Report(bench.Name, bench.What, at, options.IsSmoke, machine, verdict, results).WriteAsync(options.Results);
        context.Say($"Figures and plots: {page}");
        if (options.IsSmoke)
        {
            context.Say($"{bench.Name}: {verdict.Text}: {(isSound ? "ran, nothing judged" : "NOT as it should be")}");
            return isSound;
        }

        context.Say(verdict.Line(bench.Name));
        return verdict is { IsReached: true, VoidBecause: null };
    }

    /// <summary>
    /// Each run begins with another side: what comes second is some percent dearer or cheaper than what comes third, which between two builds
    /// is as much as what is looked for.
    /// </summary>
    static IEnumerable<string> Turned(IReadOnlyList<string> sides, int by) => Enumerable.Range(0, sides.Count).Select(place => sides[(place + by) % sides.Count]);
}

namespace Callbacks.Tests.Journal.Simulation;

/// <summary>What can happen in a schedule. A step that makes no sense where it comes does nothing, so that any part of a schedule is one, too.</summary>
enum StepKind
{
    /// <summary>A callback of A ids comes.</summary>
    Append,

    /// <summary>The writer's turn; A is 1 when marks alone, or a probe, are due.</summary>
    Write,

    /// <summary>The supply's turn.</summary>
    Supply,

    /// <summary>The follower's turn.</summary>
    Follow,

    /// <summary>The segments of earlier lives are checked.</summary>
    Recover,

    /// <summary>A lookups start.</summary>
    Start,

    /// <summary>One lookup ends, chosen by A: B is 0 for a failure, 1 when it was not made, else it's answered.</summary>
    End,

    /// <summary>At most A answers go to the store.</summary>
    Take,

    /// <summary>The store commits what it took.</summary>
    Commit,

    /// <summary>It commits, and does not learn of it.</summary>
    CommitUnknown,

    /// <summary>It does not.</summary>
    RollBack,

    /// <summary>A milliseconds pass.</summary>
    Pass,

    /// <summary>The next A operations of kind B fail.</summary>
    Fail,

    /// <summary>The disk has room for A more blocks.</summary>
    Fill,

    /// <summary>The disk has room again.</summary>
    MakeRoom,

    /// <summary>The process ends in good order, and the next one starts.</summary>
    Stop,

    /// <summary>The process is killed, and the next one starts.</summary>
    Kill,

    /// <summary>Power goes after A more operations of the disk, and comes back; B draws what the disk keeps.</summary>
    CutPower,
}

/// <summary>One step of a schedule.</summary>
readonly record struct Step(StepKind Kind, int A = 0, int B = 0)
{
    public override string ToString() => $"{Kind}({A}, {B})";
}

/// <summary>Schedules, drawn from a seed.</summary>
static class Schedule
{
    // How often each kind comes; a life should get somewhere, so its end is rare.
    static readonly (StepKind Kind, int Weight)[] Weights =
    [
        (StepKind.Append, 16), (StepKind.Write, 14), (StepKind.Supply, 6), (StepKind.Follow, 16), (StepKind.Recover, 3), (StepKind.Start, 10), (StepKind.End, 14),
        (StepKind.Take, 5), (StepKind.Commit, 5), (StepKind.CommitUnknown, 1), (StepKind.RollBack, 1), (StepKind.Pass, 8), (StepKind.Fail, 2), (StepKind.Fill, 1),
        (StepKind.MakeRoom, 1), (StepKind.Stop, 1), (StepKind.Kill, 2), (StepKind.CutPower, 3),
    ];

    static readonly int WeightsTotal = Weights.Sum(pair => pair.Weight);

    public static Step[] Draw(int seed)
    {
        var random = new Random(seed);
        var steps = new Step[random.Next(10, 120)];
        foreach (ref Step step in steps.AsSpan())
        {
            StepKind kind = DrawKind(random);
            step = kind switch
            {
                StepKind.Append => new Step(kind, random.Next(12) == 0 ? random.Next(300, 1400) : random.Next(1, 8)),
                StepKind.Write => new Step(kind, random.Next(2)),
                StepKind.Start or StepKind.Take => new Step(kind, random.Next(1, 8)),
                StepKind.End => new Step(kind, random.Next(16), random.Next(8)),
                StepKind.Pass => new Step(kind, random.Next(4) == 0 ? random.Next(2_000) : random.Next(120)),
                StepKind.Fail => new Step(kind, random.Next(1, 4), random.Next(SimulatedService.DiskOperations.Length)),
                StepKind.Fill => new Step(kind, random.Next(6)),
                // Most at once or within an operation of the journal; some within the opening that follows.
                StepKind.CutPower => new Step(kind, random.Next(3) == 0 ? 0 : random.Next(40), random.Next()),
                _ => new Step(kind),
            };
        }

        return steps;
    }

    static StepKind DrawKind(Random random)
    {
        int left = random.Next(WeightsTotal);
        foreach ((StepKind kind, int weight) in Weights)
        {
            left -= weight;
            if (left < 0)
                return kind;
        }

        return StepKind.Append;
    }

    /// <summary>The smallest part of a failing schedule that is found to fail, too: pieces are left out as long as any can be.</summary>
    public static Step[] Shrink(Step[] failing, Func<Step[], bool> fails)
    {
        for (int piece = failing.Length / 2; piece > 0;)
        {
            bool isSmaller = false;
            for (int start = 0; start + piece <= failing.Length;)
            {
                Step[] rest = [.. failing.AsSpan(0, start), .. failing.AsSpan(start + piece)];
                if (fails(rest))
                    (failing, isSmaller) = (rest, true);
                else
                    start += piece;
            }

            if (!isSmaller || piece > 1)
                piece /= 2;
        }

        return failing;
    }
}

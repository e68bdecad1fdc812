using System.Globalization;

namespace Callbacks.SystemTests.Faults;

/// <summary>One journal through as many lives as its faults leave it, each of which judges the ones before.</summary>
sealed class JournalLives : IDisposable
{
    /// <summary>The effect that is no failure: the process is gone before the call is made.</summary>
    public const string Kill = "signal=KILL";

    /// <summary>A life goes through some eight segments with it.</summary>
    public const int Rounds = 30;

    readonly string _folder = Directory.CreateTempSubdirectory($"callback-test-{Environment.ProcessId}-lives-").FullName;
    readonly List<string> _history = [];

    /// <summary>Missing until the first life makes it.</summary>
    public string Journal => Path.Combine(_folder, "journal");

    public string Trace => Path.Combine(_folder, "trace");

    public JournalLedger Ledger { get; } = new();

    /// <summary>For messages: what was done to it, and what is wrong.</summary>
    public string History => string.Join('\n', [.. _history, .. Ledger.Wrongs.Take(20)]);

    public string Segment(long number) => Path.Combine(Journal, number.ToString("D20", CultureInfo.InvariantCulture) + ".journal");

    public async Task<DriverLife> LiveAsync(Injection? injection = null, int rounds = Rounds, bool isTraced = false)
    {
        DriverLife life = await DriverLife.RunAsync(Journal, Ledger.NextIndex, rounds, injection, isTraced ? Trace : null);
        Record(life, $"{injection}", isFaultless: injection is null or { Effect: Kill });
        return life;
    }

    public void Record(DriverLife life, string what, bool isFaultless)
    {
        Ledger.Record(life, isFaultless);
        _history.Add($"{what}: ended with {life.ExitCode}, {Ledger.Durable} durable, {Ledger.Owed} owed, {Ledger.Lost} lost");
    }

    /// <summary>How often a life that nothing is done to makes each call.</summary>
    public async Task<Dictionary<string, int>> CountCallsAsync()
    {
        DriverLife life = await LiveAsync(isTraced: true);
        Assert.True(life.ExitCode == 0, $"{life.ExitCode}: {life.Transcript}");
        return Strace.CountPerThread(Trace);
    }

    /// <summary>A last life without a fault finds what is owed, and nothing else.</summary>
    public async Task AssertGoodAsync()
    {
        DriverLife life = await LiveAsync(rounds: 0);
        Assert.True(life.ExitCode == 0, $"{History}\nThe last life ended with {life.ExitCode}: {life.Transcript}");
        Assert.True(Ledger.Wrongs.Count == 0, History);
    }

    public void Dispose() => Directory.Delete(_folder, recursive: true);
}

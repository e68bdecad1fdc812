using Callbacks.Fixtures;
using Callbacks.Journal.Log;

namespace Callbacks.SystemTests.Faults;

/// <summary>G1 and G2 on a real disk, with a process that is killed as it makes a chosen system call: while it starts, appends, rolls, settles, deletes.</summary>
public sealed class KillSweepTests(ITestOutputHelper output)
{
    const string What = "kills at a chosen system call";
    const int ChainsAtOnce = 3;

    [Fact]
    public Task Killed_at_any_system_call_nothing_acknowledged_is_lost() => KillAsync(21);

    [Fact(Explicit = true)]
    public Task Killed_five_hundred_times_at_any_system_call_nothing_acknowledged_is_lost() => KillAsync(501);

    [Fact]
    public async Task Killed_as_it_sets_a_damaged_segment_aside_the_next_life_does_it_and_nothing_else_is_lost()
    {
        Strace.Require();
        using var lives = new JournalLives();
        Assert.Equal(0, (await lives.LiveAsync()).ExitCode);
        string damaged = Directory.EnumerateFiles(lives.Journal, "*.journal").Order(StringComparer.Ordinal).First();
        lives.Ledger.Forgive(DamageGroup(damaged));

        Assert.Equal(DriverLife.Killed, (await lives.LiveAsync(new Injection("rename", JournalLives.Kill, "1"))).ExitCode);
        Assert.True(File.Exists(damaged), "It was killed before.");
        await lives.AssertGoodAsync();
        Assert.Equal(Path.ChangeExtension(damaged, ".damaged"), Assert.Single(Directory.EnumerateFiles(lives.Journal, "*.damaged")));
        Figures.Add(What, 1, lives.Ledger.Lost);
    }

    async Task KillAsync(int kills)
    {
        Strace.Require();
        Random random = Seed.Draw(output);
        int[] owed = await Task.WhenAll(Enumerable.Range(0, ChainsAtOnce).Select(_ => KillInARowAsync(new Random(random.Next()), kills / ChainsAtOnce)));
        // A sweep that killed only what owed nothing proves nothing.
        Assert.True(owed.Sum() > kills, $"{owed.Sum()} callbacks were owed after {kills} kills.");
        output.WriteLine($"{kills} kills; {owed.Sum()} callbacks owed after them");
    }

    /// <summary>Returns how many callbacks were owed after the kills, all together.</summary>
    static async Task<int> KillInARowAsync(Random random, int kills)
    {
        using var lives = new JournalLives();
        Dictionary<string, int> calls = await lives.CountCallsAsync();
        string[] names = [.. calls.Keys.Where(name => name != "mkdir").Order(StringComparer.Ordinal)];
        Assert.Superset(new HashSet<string>(StringComparer.Ordinal) { "pwrite64", "fdatasync", "fsync", "openat", "unlink" }, names.ToHashSet(StringComparer.Ordinal));
        int owed = 0;
        for (int killed = 0, lifes = 0; killed < kills; lifes++)
        {
            Assert.True(lifes < 4 * kills, $"It does not die.\n{lives.History}");
            string call = names[random.Next(names.Length)];
            DriverLife life = await lives.LiveAsync(new Injection(call, JournalLives.Kill, $"{random.Next(calls[call]) + 1}"));
            // A thread that had less to do than in the life that was counted is not killed.
            Assert.True(life.ExitCode is DriverLife.Killed or 0, $"{lives.History}\n{life.Transcript}");
            killed += life.ExitCode == DriverLife.Killed ? 1 : 0;
            owed += lives.Ledger.Owed;
            Assert.True(lives.Ledger.Wrongs.Count == 0, lives.History);
        }

        await lives.AssertGoodAsync();
        Figures.Add(What, kills, lives.Ledger.Lost);
        return owed;
    }

    /// <summary>Damages one that holds nothing but callbacks, and isn't the last: that might be a torn tail. Returns the callbacks' numbers.</summary>
    static (ulong First, int Count) DamageGroup(string path)
    {
        byte[] segment = File.ReadAllBytes(path);
        var groups = new List<(int Offset, GroupHeader Header)>();
        for (int offset = Layout.SegmentHeaderBytes; offset < segment.Length && GroupHeader.Read(segment.AsSpan(offset)) is { IsPlausible: true } header; offset += header.PaddedBytes)
            groups.Add((offset, header));
        (int start, GroupHeader damaged) = groups[..^1].Last(group => HoldsOnlyCallbacks(segment.AsSpan(group.Offset, group.Header.Bytes)));
        segment[start + Layout.GroupHeaderBytes + 1] ^= 0xFF;
        File.WriteAllBytes(path, segment);
        return (damaged.FirstNumber, damaged.Callbacks);
    }

    static bool HoldsOnlyCallbacks(ReadOnlySpan<byte> group)
    {
        var frames = new FrameReader(group);
        while (frames.Next())
        {
            if (frames.Kind != Layout.CallbackKind)
                return false;
        }

        return true;
    }
}

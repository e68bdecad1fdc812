using System.Globalization;
using Callbacks.Fixtures;
using Callbacks.Local;
using Callbacks.SystemTests.Acceptance;

namespace Callbacks.SystemTests.Faults;

/// <summary>G1, G2 and G6 on a real disk whose system calls fail: the group is refused, the next segment is used, it goes on by itself, and what was acknowledged is there.</summary>
public sealed class InjectedErrorTests(ITestOutputHelper output)
{
    const string What = "injected flush and write errors";
    const int ChainsAtOnce = 3;

    /// <summary>What the journal waits for before it refuses.</summary>
    const int AppendTimeoutMilliseconds = 900;

    static readonly string[] Errors = ["EIO", "ENOSPC", "EROFS", "EINTR"];

    [Fact]
    public Task Whatever_call_fails_nothing_acknowledged_is_lost_and_it_goes_on_by_itself() => FailAsync(9);

    [Fact(Explicit = true)]
    public Task Whatever_call_fails_two_hundred_times_nothing_acknowledged_is_lost_and_it_goes_on_by_itself() => FailAsync(201);

    [Theory]
    [InlineData("fdatasync")]
    [InlineData("pwrite64")]
    public async Task A_group_that_fails_is_refused_and_the_next_is_durable_in_the_next_segment(string call)
    {
        using var lives = await StartedAsync();
        string[] before = Segments(lives);
        DriverLife life = await lives.LiveAsync(new Injection(call, "error=EIO", "5"));
        Assert.True(life.ExitCode == 0, $"{life.ExitCode}: {life.Transcript}");
        Assert.InRange(CountRefusedAtOnce(life), 1, 4);
        Assert.Equal(4, LastRound(life).Count(line => line.StartsWith("durable ", StringComparison.Ordinal)));
        Assert.NotEqual(before, Segments(lives), StringComparer.Ordinal);
        await EndWellAsync(lives);
    }

    [Theory]
    [InlineData("fdatasync")]
    [InlineData("pwrite64")]
    [InlineData("fsync")]
    public async Task An_interrupted_call_is_made_again_and_nobody_notices(string call)
    {
        using var lives = await StartedAsync();
        DriverLife life = await lives.LiveAsync(new Injection(call, "error=EINTR", "2+3"), isTraced: true);
        Assert.True(Strace.CountInjected(lives.Trace) > 0, "Nothing was injected.");
        Assert.True(life.ExitCode == 0, $"{life.ExitCode}: {life.Transcript}");
        Assert.Equal(0, CountRefusedAtOnce(life));
        await EndWellAsync(lives);
    }

    // A write that takes nothing, now and then, and says so: strace leaves the call out, so any other number would be a lie.
    [Fact]
    public async Task A_write_that_takes_nothing_is_made_again_and_nobody_notices()
    {
        using var lives = await StartedAsync();
        DriverLife life = await lives.LiveAsync(new Injection("pwrite64", "retval=0", "1+3"), isTraced: true);
        Assert.True(Strace.CountInjected(lives.Trace) > 0, "Nothing was injected.");
        Assert.True(life.ExitCode == 0, $"{life.ExitCode}: {life.Transcript}");
        Assert.Equal(0, CountRefusedAtOnce(life));
        await EndWellAsync(lives);
    }

    // Zeros that are left out at the front of a new file read as zeros all the same, so here a short write can be told as it is. A life that
    // sends nothing writes nothing else to its spare; a quick one may have made none, then the next makes it.
    [Fact]
    public async Task A_segment_whose_zeros_took_two_writes_is_as_good_as_any()
    {
        Strace.Require();
        using var lives = new JournalLives();
        for (int life = 0; !File.Exists(lives.Segment(2)); life++)
        {
            Assert.True(life < 2, lives.History);
            Assert.Equal(0, (await lives.LiveAsync(new Injection("pwrite64", "retval=12345", "1") { File = lives.Segment(2) }, rounds: 0, isTraced: true)).ExitCode);
        }

        Assert.Equal(1, Strace.CountInjected(lives.Trace));
        Assert.Equal(64 << 10, new FileInfo(lives.Segment(2)).Length);
        DriverLife next = await lives.LiveAsync();
        Assert.Equal(0, CountRefusedAtOnce(next));
        await EndWellAsync(lives);
    }

    // The kernel cuts a write off at the process's file size limit, so this one is short in earnest, and its rest is refused.
    [Fact]
    public async Task A_group_that_was_written_in_part_is_refused_and_never_seen_in_part()
    {
        using var lives = await StartedAsync();
        ChildStart driver = Programs.JournalDriver(lives.Journal, $"{lives.Ledger.NextIndex}", $"{JournalLives.Rounds}");
        DriverLife life = await DriverLife.RunAsync(Programs.Within(["sh", "-c", "trap '' XFSZ; exec prlimit --fsize=22000 \"$@\"", "sh"], driver) with
        {
            // Otherwise the runtime makes a large file for its code in memory.
            Environment = new Dictionary<string, string?>(driver.Environment, StringComparer.Ordinal) { ["DOTNET_EnableWriteXorExecute"] = "0" },
        });
        lives.Record(life, "file size limit", isFaultless: false);
        Assert.True(life.ExitCode == 0, $"{life.ExitCode}: {life.Transcript}");
        Assert.True(Count(life, "durable") > 0 && Count(life, "refused") > 0, life.Transcript);
        await lives.AssertGoodAsync();
        Figures.Add(What, 1, lives.Ledger.Lost);
    }

    [Fact]
    public async Task A_flush_that_takes_three_seconds_is_answered_in_time_and_it_goes_on()
    {
        using var lives = await StartedAsync();
        DriverLife life = await lives.LiveAsync(new Injection("fdatasync", "delay_enter=3000000", "5"));
        Assert.True(life.ExitCode == 0, $"{life.ExitCode}: {life.Transcript}");
        long[] refused = [.. RefusedAfter(life)];
        Assert.NotEmpty(refused);
        // The three seconds less a machine's worst moments; without the watchdog it would be all of them.
        Assert.All(refused, milliseconds => Assert.InRange(milliseconds, AppendTimeoutMilliseconds, 2_500));
        Assert.Equal(4, LastRound(life).Count(line => line.StartsWith("durable ", StringComparison.Ordinal)));
        await EndWellAsync(lives);
    }

    async Task FailAsync(int lifes)
    {
        Strace.Require();
        Random random = Seed.Draw(output);
        int[] refused = await Task.WhenAll(Enumerable.Range(0, ChainsAtOnce).Select(_ => FailInARowAsync(new Random(random.Next()), lifes / ChainsAtOnce)));
        Assert.True(refused.Sum() > 0, "Nothing was refused.");
        output.WriteLine($"{lifes} lives with errors; {refused.Sum()} callbacks refused in them");
    }

    /// <summary>Returns how many callbacks were refused.</summary>
    static async Task<int> FailInARowAsync(Random random, int lifes)
    {
        using var lives = new JournalLives();
        Dictionary<string, int> calls = await lives.CountCallsAsync();
        int refused = 0;
        for (int failed = 0, tries = 0; failed < lifes; tries++)
        {
            Assert.True(tries < 4 * lifes, $"It does not fail.\n{lives.History}");
            Injection injection = Draw(random, calls);
            DriverLife life = await lives.LiveAsync(injection, isTraced: true);
            string said = $"{lives.History}\n{life.Transcript}";
            bool isRefused = life.ExitCode == DriverLife.Unusable;
            Assert.True(isRefused || life.ExitCode == 0, said);
            Assert.True(!isRefused || life.Lines.Any(line => line.Contains("can't be used: ", StringComparison.Ordinal)), said);
            // What fails once, or a few times in a row, has no excuse at the end.
            if (!isRefused && !injection.When.Contains('+', StringComparison.Ordinal))
                Assert.True(LastRound(life).All(line => line.StartsWith("durable ", StringComparison.Ordinal)), said);
            Assert.True(lives.Ledger.Wrongs.Count == 0, said);
            failed += Strace.CountInjected(lives.Trace) > 0 ? 1 : 0;
            refused += Count(life, "refused");
        }

        await lives.AssertGoodAsync();
        Figures.Add(What, lifes, lives.Ledger.Lost);
        return refused;
    }

    /// <summary>Writes and flushes more often than the rest; one call, a burst, every so many, or all from one on.</summary>
    static Injection Draw(Random random, Dictionary<string, int> calls)
    {
        string call = new[] { "pwrite64", "pwrite64", "fdatasync", "fdatasync", "fsync", "openat", "unlink" }[random.Next(7)];
        int pattern = random.Next(4);
        // What is over has rounds after it, to show that it goes on.
        int first = random.Next(pattern < 2 ? (calls[call] + 1) / 2 : calls[call]) + 1;
        string when = pattern switch
        {
            0 => $"{first}",
            1 => $"{first}..{first + random.Next(4)}",
            2 => $"{first}+{random.Next(2, 8)}",
            _ => $"{first}+",
        };
        // A call that is interrupted each time never gets through anywhere.
        string error = Errors[random.Next(when.EndsWith('+') ? Errors.Length - 1 : Errors.Length)];
        return new Injection(call, $"error={error}", when);
    }

    /// <summary>A journal with some callbacks pending.</summary>
    static async Task<JournalLives> StartedAsync()
    {
        Strace.Require();
        var lives = new JournalLives();
        DriverLife life = await lives.LiveAsync();
        Assert.True(life.ExitCode == 0, $"{life.ExitCode}: {life.Transcript}");
        return lives;
    }

    static async Task EndWellAsync(JournalLives lives)
    {
        Assert.True(lives.Ledger.Owed > 0, lives.History);
        await lives.AssertGoodAsync();
        Figures.Add(What, 1, lives.Ledger.Lost);
    }

    static string[] Segments(JournalLives lives) => [.. Directory.EnumerateFiles(lives.Journal, "*.journal").Order(StringComparer.Ordinal)];

    /// <summary>By the error, not because a disk that stood still was not in time.</summary>
    static int CountRefusedAtOnce(DriverLife life) => RefusedAfter(life).Count(milliseconds => milliseconds < AppendTimeoutMilliseconds);

    /// <summary>How many milliseconds each callback had waited that was refused.</summary>
    static IEnumerable<long> RefusedAfter(DriverLife life) =>
        life.Lines.Select(line => line.Split(' ')).Where(words => words[0] == "refused").Select(words => long.Parse(words[2], CultureInfo.InvariantCulture));

    static int Count(DriverLife life, string word) => life.Lines.Count(line => line.StartsWith(word + ' ', StringComparison.Ordinal));

    /// <summary>What became of the callbacks that were sent last.</summary>
    static string[] LastRound(DriverLife life) =>
        [.. life.Lines.Reverse().TakeWhile(line => !line.StartsWith("send ", StringComparison.Ordinal)).Where(line => line.StartsWith("durable ", StringComparison.Ordinal) || line.StartsWith("refused ", StringComparison.Ordinal))];
}

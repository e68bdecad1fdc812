using Callbacks.Fixtures;
using Callbacks.Journal.Disk;

namespace Callbacks.Tests.Journal.Simulation;

/// <summary>
/// Power cuts, kills, stops, failing and full disks, at any operation of the disk, in schedules that are drawn from a seed. A schedule
/// that breaks a promise is cut down to the smallest that does, and printed.
/// </summary>
public sealed class CrashScheduleTests(ITestOutputHelper output)
{
    const int Quick = 3_000;
    const int Full = 200_000;
    const int OnRealDisk = 60;

    [Fact]
    public void Power_cuts_and_failing_disks_lose_nothing_acknowledged() => Simulate(Quick, RunSimulated);

    [Fact]
    public void A_start_that_can_not_write_its_first_segment_leaves_none_that_looks_lost() => RunSimulated(
        seed: 1893539427,
        [
            new(StepKind.Supply), new(StepKind.Append, 5), new(StepKind.Fail, 2), new(StepKind.Write), new(StepKind.CutPower, 0, 806617147), new(StepKind.Supply),
            new(StepKind.Append, 6), new(StepKind.CutPower, 7, 629201947), new(StepKind.Write), new(StepKind.Append, 5), new(StepKind.Write, 1), new(StepKind.Supply), new(StepKind.Kill),
        ]);

    [Fact]
    public void A_start_that_can_not_write_its_first_segment_takes_the_next_by_itself() => RunSimulated(
        seed: 1226705512, [new(StepKind.Supply), new(StepKind.Fail, 3, 1), new(StepKind.CutPower, 0, 1046795436), new(StepKind.Follow)]);

    [Fact]
    public void A_refused_callback_that_can_be_read_until_power_goes_counts_whole_or_not_at_all() => RunSimulated(
        seed: 1951445777,
        [
            new(StepKind.Start, 3), new(StepKind.Append, 6), new(StepKind.Fail, 2, 1), new(StepKind.Write), new(StepKind.Kill), new(StepKind.Recover), new(StepKind.Follow),
            new(StepKind.Start, 5), new(StepKind.End, 3, 3), new(StepKind.Take, 2), new(StepKind.Commit), new(StepKind.CutPower, 0, 752611824),
        ]);

    [Fact]
    public void A_segment_of_which_nothing_is_left_does_not_look_lost() => RunSimulated(
        seed: 1459501547,
        [
            new(StepKind.Append, 1), new(StepKind.Supply), new(StepKind.Fail, 3), new(StepKind.Write), new(StepKind.Write, 1), new(StepKind.Kill), new(StepKind.Supply),
            new(StepKind.Append, 1), new(StepKind.CutPower, 2, 1814319584), new(StepKind.Write), new(StepKind.Append, 3), new(StepKind.Write), new(StepKind.CutPower, 0, 1707053594),
        ]);

    [Fact]
    public void A_refused_callback_may_expire_in_part() => RunSimulated(
        seed: 2076145856,
        [
            new(StepKind.Append, 3), new(StepKind.Append, 5), new(StepKind.Pass, 1470), new(StepKind.Write), new(StepKind.Follow), new(StepKind.Start, 6), new(StepKind.End, 5, 2),
            new(StepKind.Take, 6), new(StepKind.Pass, 1545), new(StepKind.Pass, 1461), new(StepKind.Pass, 611),
        ]);

    [Fact(Explicit = true)]
    public void Two_hundred_thousand_crash_schedules_lose_nothing_acknowledged() => Simulate(Full, RunSimulated);

    [Fact]
    public void The_same_schedules_without_power_cuts_lose_nothing_on_a_real_disk() => Simulate(OnRealDisk, RunReal);

    void Simulate(int schedules, Action<int, Step[]> run)
    {
        int first = Seed.Number();
        output.WriteLine($"--seed {first}");
        for (int i = 0; i < schedules; i++)
        {
            int seed = first + i;
            Step[] schedule = Schedule.Draw(seed);
            if (Try(run, seed, schedule) is null)
                continue;
            Step[] smallest = Schedule.Shrink(schedule, part => Try(run, seed, part) is not null);
            Figures.Add("simulated-disk crash schedules", i + 1, 1);
            Assert.Fail($"--seed {seed}: {Try(run, seed, smallest)}\n{string.Join(", ", smallest)}");
        }

        Figures.Add("simulated-disk crash schedules", schedules);
    }

    static Exception? Try(Action<int, Step[]> run, int seed, Step[] schedule)
    {
        try
        {
            run(seed, schedule);
            return null;
        }
        catch (Exception exception)
        {
            return exception;
        }
    }

    static void RunSimulated(int seed, Step[] schedule)
    {
        var disk = new SimulatedDisk();
        Service(() => disk, disk, seed).Run(schedule);
    }

    static void RunReal(int seed, Step[] schedule)
    {
        string folder = Directory.CreateTempSubdirectory("callback-journal-").FullName;
        try
        {
            Service(() => new LinuxDisk(folder), null, seed).Run(schedule);
        }
        finally
        {
            Directory.Delete(folder, recursive: true);
        }
    }

    // Where nothing may expire, nothing may be missing; and a window that is too small has to read from disk again.
    static SimulatedService Service(Func<IJournalDisk> openDisk, SimulatedDisk? simulated, int seed) => new(
        openDisk, simulated, seed % 4 == 0 ? TimeSpan.FromSeconds(5) : TimeSpan.FromMinutes(10), seed % 3 == 0 ? 64 : 1_000, seed);
}

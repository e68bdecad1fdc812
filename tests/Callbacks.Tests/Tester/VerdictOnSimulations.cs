using System.Diagnostics;
using Callbacks.Tester.Verify;

namespace Callbacks.Tests.Tester;

public sealed class VerdictOnSimulations(ITestOutputHelper output)
{
    [Theory]
    [InlineData(1, 0)]
    [InlineData(2, 3)]
    [InlineData(3, 10)]
    public void A_right_service_is_found_right_however_often_it_is_killed(int seed, int kills)
    {
        Verdict verdict = Judge.Run(Simulation(seed, kills, Flaw.None).Run(), new Rules { Strict = true });
        output.WriteLine(new VerdictReport(verdict, status: null).ToText());
        Assert.True(verdict.IsGood);
        Assert.Equal(verdict.Sightings, verdict.Judged);
        Assert.InRange(verdict.Lateness.Count, 10, long.MaxValue);
    }

    [Theory]
    [InlineData(Flaw.DropsAnAnswerInAHundred, null)]
    [InlineData(Flaw.ForgetsRunningLookupsWhenKilled, null)]
    [InlineData(Flaw.StoresTheTimeOfTheLookup, Wrong.LastSeenIsNoReceiveTime)]
    [InlineData(Flaw.LetsAnOlderTimeOverwrite, Wrong.OlderOverNewer)]
    [InlineData(Flaw.SharesARunningLookup, Wrong.LookupBeforeReceipt)]
    [InlineData(Flaw.SweepsWithoutLookingAtWhatIsPending, Wrong.SweptWhilePending)]
    [InlineData(Flaw.SweepsEarly, Wrong.SweptEarly)]
    [InlineData(Flaw.SweepsLate, Wrong.SweptLate)]
    internal void Each_broken_build_is_caught(Flaw flaw, Wrong? expected)
    {
        // Few objects a second, so that the next sighting doesn't cover up for the one before it.
        Verdict verdict = Judge.Run(Simulation(seed: 5, kills: 6, flaw).Run(), new Rules { Strict = true });
        output.WriteLine(new VerdictReport(verdict, status: null).ToText());
        Assert.False(verdict.IsGood);
        if (expected is { } wrong)
            Assert.InRange(verdict[wrong], 1, long.MaxValue);
        else
            Assert.InRange(verdict.Missed, 1, long.MaxValue);
    }

    [Fact]
    public void A_dropped_answer_that_later_sightings_cover_up_for_is_found_when_strict()
    {
        // Each id is seen once a second and answered both ways within a life.
        SimulatedService Dense(Flaw flaw) => new(7, 50, 10, 5, 60, 50, kills: 2, flaw);
        var rules = new Rules { Strict = true };
        Assert.True(Judge.Run(Dense(Flaw.None).Run(), rules).IsGood);
        Assert.InRange(Judge.Run(Dense(Flaw.DropsAnAnswerInAHundred).Run(), rules)[Wrong.PassedOver], 1, long.MaxValue);
    }

    [Fact(Explicit = true)]
    public void Six_million_sightings_are_judged_within_a_minute_and_four_gigabytes()
    {
        Evidence evidence = new SimulatedService(1, 20_000, 200, 100, 300, 8_000, 10, Flaw.None).Run();
        long start = TimeProvider.System.GetTimestamp();
        Verdict verdict = Judge.Run(evidence, new Rules { InFlightMax = 8_000, Strict = true });
        output.WriteLine($"{TimeProvider.System.GetElapsedTime(start)}, {Process.GetCurrentProcess().PeakWorkingSet64 >> 20} MiB");
        output.WriteLine(new VerdictReport(verdict, status: null).ToText());
        Assert.True(verdict.IsGood);
        Assert.InRange(TimeProvider.System.GetElapsedTime(start), TimeSpan.Zero, TimeSpan.FromMinutes(1));
        Assert.InRange(Process.GetCurrentProcess().PeakWorkingSet64, 0, 4L << 30);
    }

    static SimulatedService Simulation(int seed, int kills, Flaw flaw) => new(seed, 1_000, 10, 5, 100, 400, kills, flaw);
}

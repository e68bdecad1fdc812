using Callbacks.Fixtures;

namespace Callbacks.SystemTests.Acceptance;

[Alone]
public sealed class BadUpstreamTests(ITestOutputHelper output)
{
    const int Ids = 2_000;
    const int InFlightMax = 2_000;

    // An id fails within 2 s and waits for up to 5 s before it is asked again: both as likely short as long.
    const double AttemptsPerSecondMax = Ids / 2.0;

    static readonly TimeSpan FullRateDeadline = TimeSpan.FromSeconds(5);
    static readonly TimeSpan StartDeadline = TimeSpan.FromSeconds(60);

    [Fact]
    public Task An_upstream_that_answers_400_to_everything_settles_everything_as_expired_and_is_used_at_full_rate_when_it_is_good_again() =>
        ExpireAllAsync(TimeSpan.FromSeconds(10), TimeSpan.FromSeconds(7), TimeSpan.FromSeconds(6));

    [Fact(Explicit = true)]
    [Trait("length", "long")]
    public Task The_same_for_ten_minutes_takes_no_more_memory() =>
        ExpireAllAsync(TimeSpan.FromSeconds(30), TimeSpan.FromSeconds(90), TimeSpan.FromMinutes(10));

    async Task ExpireAllAsync(TimeSpan retention, TimeSpan warmUp, TimeSpan bad)
    {
        TimeProvider time = TimeProvider.System;
        Random random = Seed.Draw(output);
        await using ServiceRig rig = await ServiceRig.StartAsync(
            new RigOptions { Retention = retention, Able = retention / 3 * 2, InFlightMax = InFlightMax, Upstream = ["--latency-max", "2000", "--seed", $"{random.Next()}"] }, output);
        await rig.Upstream.ControlAsync("""{"status":400,"status_rate":1}""");
        using var enough = new CancellationTokenSource();
        Task<SendFigures> sending = rig.SendAsync(
            ["--rate", "20", "--ids", "50", "--id-range", $"{Ids}", "--timeout", "5s", "--seed", $"{random.Next()}"], warmUp + bad + StartDeadline, enough: enough.Token);
        await Eventually.TrueAsync(async () => (await rig.Service.StatusAsync()).Callbacks.Acknowledged > 0, StartDeadline, () => "something is sent");

        await Task.Delay(warmUp, time);
        double warmMebibytes = rig.Service.ResidentMebibytes();
        ServiceStatus before = await rig.Service.StatusAsync();
        await Task.Delay(bad, time);
        ServiceStatus after = await rig.Service.StatusAsync();
        double mebibytes = rig.Service.ResidentMebibytes();
        double attemptsPerSecond = (after.Lookup.Attempts - before.Lookup.Attempts) / bad.TotalSeconds;
        output.WriteLine($"{warmMebibytes:F0} MiB, then {mebibytes:F0} MiB; {attemptsPerSecond:F0} attempts/s; {after.Balance}");

        await rig.Upstream.ControlAsync("{}");
        long good = time.GetTimestamp();
        // What was asked before it turned, half of the ids, is answered 400 yet, and waits once more.
        await Eventually.TrueAsync(
            async () => (await rig.Service.StatusAsync()).Lookup is { Answers: >= Ids / 4 } lookup && lookup.InFlightLimit == InFlightMax,
            FullRateDeadline, () => "a quarter of the ids have been answered, at the full limit.");
        output.WriteLine($"a quarter of the ids answered {time.GetElapsedTime(good).TotalSeconds:F2} s after it was good again");
        await enough.CancelAsync();
        SendFigures sent = await sending;

        sent.AssertAccepted();
        Assert.Equal(0, after.Lookup.Answers);
        Assert.True(after.Balance is { Stored: 0, Offline: 0, Unknown: 0, Expired: > 0, IsBalanced: true }, $"{after.Balance}");
        // What is younger than the retention, and a second for settling it.
        Assert.True(after.Balance.Pending <= 1_000 * (retention.TotalSeconds + 1), $"{after.Balance}");
        Assert.InRange(attemptsPerSecond, 1, AttemptsPerSecondMax);
        Assert.True(mebibytes <= warmMebibytes * 1.25, $"{warmMebibytes:F0} MiB, then {mebibytes:F0} MiB");
        await rig.AssertGoodAsync();
    }
}

using Callbacks.Fixtures;
using Callbacks.SystemTests.Acceptance;

namespace Callbacks.SystemTests.BrokenBuilds;

/// <summary>The tester's word on a build, soon: it sees nothing of the service but answers, lookups and rows.</summary>
[Alone]
public sealed class ShortTrialTests(ITestOutputHelper output)
{
    static readonly TimeSpan Quiet = TimeSpan.FromSeconds(2.5);

    [Fact(Explicit = true)]
    public async Task A_short_trial_with_a_kill_and_a_stop_of_PostgreSQL_is_judged_good()
    {
        Random random = Seed.Draw(output);
        await using ServiceRig rig = await ServiceRig.StartAsync(
            new RigOptions
            {
                IsSocketHeld = true,
                Retention = TimeSpan.FromSeconds(5),
                Able = TimeSpan.FromSeconds(2),
                Upstream = ["--changing", $"{random.Next()}", "--latency-min", "50", "--latency-max", "1000", "--seed", $"{random.Next()}"],
            },
            output);

        // An id is named about every five seconds: many a row is due while a callback that names it again is pending.
        Task<SendFigures> sending = rig.SendAsync(
            ["--rate", "100", "--ids", "10", "--id-range", "5000", "--timeout", "10s", "--seed", $"{random.Next()}"], TimeSpan.FromSeconds(12));
        await Task.Delay(Quiet, TimeProvider.System);
        await rig.StopPostgresForAsync(TimeSpan.FromSeconds(0.5));
        await Task.Delay(Quiet, TimeProvider.System);
        await rig.KillServiceAsync();
        await sending;
        await rig.AssertGoodAsync();
    }
}

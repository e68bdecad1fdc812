using Callbacks.Fixtures;
using Callbacks.SystemTests.Acceptance;

namespace Callbacks.SystemTests.Faults;

public sealed class PausedProcessTests(ITestOutputHelper output)
{
    [Fact]
    public async Task A_process_that_is_stopped_for_five_seconds_and_goes_on_expires_and_loses_nothing()
    {
        TimeSpan pause = TimeSpan.FromSeconds(5);
        Random random = Seed.Draw(output);
        await using ServiceRig rig = await ServiceRig.StartAsync(
            new RigOptions
            {
                Retention = TimeSpan.FromSeconds(12),
                Able = TimeSpan.FromSeconds(3),
                Upstream = ["--latency-min", "50", "--latency-max", "2000", "--seed", $"{random.Next()}"],
            },
            output);

        using var enough = new CancellationTokenSource();
        Task<SendFigures> sending = rig.SendAsync(
            ["--rate", "50", "--ids", "20", "--id-range", "2000", "--seed", $"{random.Next()}"], TimeSpan.FromMinutes(2), enough: enough.Token);
        await Eventually.TrueAsync(async () => (await rig.Service.StatusAsync()).Callbacks.Acknowledged > 50, TimeSpan.FromMinutes(1), () => "a second's callbacks are sent");
        await rig.BreakAsync("service", () => rig.Service.PauseForAsync(pause));
        await Task.Delay(TimeSpan.FromSeconds(1), TimeProvider.System);
        await enough.CancelAsync();
        SendFigures sent = await sending;

        Assert.True(sent.Unanswered("timeout") > 0, $"{sent}");
        // Beside other trials rows may go a little late; how late, others measure, on a quiet machine.
        TrialVerdict verdict = await rig.AssertGoodAsync("--late", "1s");
        Assert.True(verdict.Outcomes["stored"] > 0, $"{verdict}");
        Assert.Equal(0, verdict.Outcomes["expired_in_outage"]);
        Assert.Equal(0, (await rig.Service.StatusAsync()).Balance.Expired);
    }
}

using Callbacks.Fixtures;

namespace Callbacks.SystemTests.Acceptance;

/// <summary>At 20,000 sightings a second, with nothing in the way.</summary>
[Alone]
public sealed class OnTimeTests(ITestOutputHelper output)
{
    [Fact]
    public Task Without_an_outage_nothing_expires_and_rows_go_on_time() =>
        ExpireNothingAsync(TimeSpan.FromSeconds(6), TimeSpan.FromSeconds(15), p99MsMax: 1_000, "--late", "1s");

    [Fact(Explicit = true)]
    [Trait("length", "long")]
    public Task Without_an_outage_nothing_expires_and_rows_go_on_time_for_five_minutes() =>
        ExpireNothingAsync(TimeSpan.FromMinutes(5), TimeSpan.FromSeconds(30), p99MsMax: 250);

    async Task ExpireNothingAsync(TimeSpan duration, TimeSpan retention, int p99MsMax, params string[] flags)
    {
        Random random = Seed.Draw(output);
        await using ServiceRig rig = await ServiceRig.StartAsync(FullLoad.Options(random, retention, keepsTurn: true), output);

        // A crowded machine may take more than a second for the first answers, while code is compiled and thousands of connections are opened.
        SendFigures sent = await rig.SendAsync([.. FullLoad.Sender(random, ids: 5_000), "--timeout", "10s"], duration);

        sent.AssertAccepted();
        TrialVerdict verdict = await rig.AssertGoodAsync(flags);
        ServiceStatus status = await rig.Service.StatusAsync();
        Assert.Equal(0, status.Balance.Expired);
        Assert.InRange(status.Balance.Acknowledged, verdict.Sightings, long.MaxValue);
        // From the retention (an early one is wrong, and there is none) to 0.25 s more: most of them in a short trial, whose rows run out within a second or two, beside others.
        Assert.True(verdict.LatenessMs is { Rows: > 0, P50: <= 250 } late && late.P99 <= p99MsMax, $"{verdict}");
    }
}

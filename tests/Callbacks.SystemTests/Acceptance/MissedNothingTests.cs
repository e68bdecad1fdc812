using Callbacks.Fixtures;

namespace Callbacks.SystemTests.Acceptance;

/// <summary>The promise as a whole, at 20,000 sightings a second.</summary>
[Alone]
public sealed class MissedNothingTests(ITestOutputHelper output)
{
    const int InFlightMax = 8_000;

    static readonly TimeSpan Retention = TimeSpan.FromSeconds(30);
    static readonly TimeSpan ShortRetention = TimeSpan.FromSeconds(15);

    [Fact]
    public Task A_sender_with_a_second_of_patience_loses_nothing_while_everything_fails() =>
        LoseNothingAsync(TimeSpan.FromSeconds(36), ids: 10_000, Retention * 2 / 3, kills: 2, stops: 1, absences: 1);

    [Fact(Explicit = true)]
    [Trait("length", "long")]
    public Task A_sender_with_a_second_of_patience_loses_nothing_while_everything_fails_for_five_minutes() =>
        LoseNothingAsync(TimeSpan.FromMinutes(5), ids: 20_000, Retention, kills: 10, stops: 3, absences: 3);

    [Fact]
    public Task Without_an_outage_nothing_expires_and_rows_go_on_time() => ExpireNothingAsync(TimeSpan.FromSeconds(10), ShortRetention);

    [Fact(Explicit = true)]
    [Trait("length", "long")]
    public Task Without_an_outage_nothing_expires_and_rows_go_on_time_for_five_minutes() => ExpireNothingAsync(TimeSpan.FromMinutes(5), Retention);

    async Task LoseNothingAsync(TimeSpan duration, int ids, TimeSpan retention, int kills, int stops, int absences)
    {
        Random random = Seed.Draw(output);
        var plan = new FaultPlan(random, duration, kills, stops, absences);
        output.WriteLine($"{plan}");
        // 20,000 ids take 8,000 lookups at a time some ten seconds, after each fault anew: a life shorter than three times that would be too short for an honest service.
        await using ServiceRig rig = await StartAsync(random, retention, keepsTurn: false);

        Task<SendFigures> sending = rig.SendAsync(Load(random, ids), duration);
        await plan.RunAsync(rig);
        SendFigures sent = await sending;

        Assert.True(sent.Accepted > sent.Sent / 2, $"{sent}");
        await rig.AssertGoodAsync();
    }

    async Task ExpireNothingAsync(TimeSpan duration, TimeSpan retention)
    {
        Random random = Seed.Draw(output);
        await using ServiceRig rig = await StartAsync(random, retention, keepsTurn: true);

        SendFigures sent = await rig.SendAsync(Load(random, ids: 5_000), duration);

        // A crowded machine may take more than the sender's second; what it took then is stored all the same.
        Assert.Equal(sent.Sent, sent.Accepted + sent.Unanswered("timeout"));
        TrialVerdict verdict = await rig.AssertGoodAsync();
        ServiceStatus status = await rig.Service.StatusAsync();
        Assert.Equal(0, status.Balance.Expired);
        Assert.InRange(status.Balance.Acknowledged, verdict.Sightings, long.MaxValue);
        // From the retention (an early one is wrong, and there is none) to 0.25 s more.
        Assert.True(verdict.LatenessMs is { Rows: > 0, P99: <= 250 }, $"{verdict}");
    }

    Task<ServiceRig> StartAsync(Random random, TimeSpan retention, bool keepsTurn) => ServiceRig.StartAsync(
        new RigOptions
        {
            Retention = retention,
            Able = retention / 2,
            InFlightMax = InFlightMax,
            IsSocketHeld = true,
            KeepsTurn = keepsTurn,
            Upstream = ["--changing", $"{random.Next()}", "--seed", $"{random.Next()}"],
        },
        output);

    static string[] Load(Random random, int ids) => ["--rate", "200", "--ids", "100", "--id-range", $"{ids}", "--seed", $"{random.Next()}"];
}

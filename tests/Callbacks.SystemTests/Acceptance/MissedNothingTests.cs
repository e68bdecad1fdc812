using Callbacks.Fixtures;

namespace Callbacks.SystemTests.Acceptance;

/// <summary>The promise as a whole, at 20,000 sightings a second, while everything fails.</summary>
[Alone]
public sealed class MissedNothingTests(ITestOutputHelper output)
{
    static readonly TimeSpan Retention = TimeSpan.FromSeconds(30);

    [Fact]
    public Task A_sender_with_a_second_of_patience_loses_nothing_while_everything_fails() =>
        LoseNothingAsync(TimeSpan.FromSeconds(27), ids: 10_000, Retention * 2 / 3, kills: 1, stops: 1, absences: 1);

    [Fact(Explicit = true)]
    [Trait("length", "long")]
    public Task A_sender_with_a_second_of_patience_loses_nothing_while_everything_fails_for_five_minutes() =>
        LoseNothingAsync(TimeSpan.FromMinutes(5), ids: 20_000, Retention, kills: 10, stops: 3, absences: 3);

    async Task LoseNothingAsync(TimeSpan duration, int ids, TimeSpan retention, int kills, int stops, int absences)
    {
        Random random = Seed.Draw(output);
        var plan = new FaultPlan(random, duration, kills, stops, absences);
        output.WriteLine($"{plan}");
        // 20,000 ids take 8,000 lookups at a time some ten seconds, after each fault anew: a life shorter than three times that would be too short for an honest service.
        await using ServiceRig rig = await ServiceRig.StartAsync(FullLoad.Options(random, retention, keepsTurn: false), output);

        Task<SendFigures[]> sending = Task.WhenAll(rig.SendAsync(FullLoad.Sender(random, ids), duration), rig.SendAsync(RareIds.Sender(random), duration));
        await plan.RunAsync(rig);

        Assert.All(await sending, sent => Assert.True(sent.Accepted > sent.Sent / 2, $"{sent}"));
        // Thousands of lost connections at once, and the tester's own work, fill two cores for a second or two; how late rows go, others measure.
        await rig.AssertGoodAsync("--late", "2s");
    }
}

namespace Callbacks.SystemTests.Acceptance;

/// <summary>The promise as a whole, at 20,000 sightings a second.</summary>
[Collection(Sequential.Name)]
public sealed class MissedNothingTests(ITestOutputHelper output)
{
    const int InFlightMax = 8_000;

    [Fact]
    public Task A_sender_with_a_second_of_patience_loses_nothing_while_everything_fails() =>
        LoseNothingAsync(TimeSpan.FromSeconds(40), kills: 2, stops: 1, absences: 1);

    [Fact(Explicit = true)]
    public Task A_sender_with_a_second_of_patience_loses_nothing_while_everything_fails_for_five_minutes() =>
        LoseNothingAsync(TimeSpan.FromMinutes(5), kills: 10, stops: 3, absences: 3);

    async Task LoseNothingAsync(TimeSpan duration, int kills, int stops, int absences)
    {
        Random random = Seed.Draw(output);
        var plan = new FaultPlan(random, duration, kills, stops, absences);
        output.WriteLine($"{plan}");
        await using ServiceRig rig = await StartAsync(random);

        Task<SendFigures> sending = rig.SendAsync(Load(random, ids: 20_000), duration);
        await plan.RunAsync(rig);
        SendFigures sent = await sending;

        Assert.True(sent.Accepted > sent.Sent / 2, $"{sent}");
        await rig.AssertGoodAsync();
    }

    Task<ServiceRig> StartAsync(Random random) => ServiceRig.StartAsync(
        new RigOptions { InFlightMax = InFlightMax, IsSocketHeld = true, Upstream = ["--changing", $"{random.Next()}", "--seed", $"{random.Next()}"] }, output);

    static string[] Load(Random random, int ids) => ["--rate", "200", "--ids", "100", "--id-range", $"{ids}", "--seed", $"{random.Next()}"];
}

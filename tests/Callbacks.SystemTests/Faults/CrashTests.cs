using Callbacks.Fixtures;
using Callbacks.SystemTests.Acceptance;

namespace Callbacks.SystemTests.Faults;

/// <summary>
/// Bursts of crashes at random moments. Between them is what is promised to be enough for coming back, and every life has such a stretch:
/// nothing has a right to expire, and what was not stored was lost.
/// </summary>
[Alone]
public sealed class CrashTests(ITestOutputHelper output)
{
    const int Rounds = 20;

    // On a crowded machine a burst may last for half a life.
    const double ExpiredShareMax = 0.01;

    static readonly TimeSpan Second = TimeSpan.FromSeconds(1);

    // Back at full rate within 5 s, a lookup, and a batch.
    static readonly TimeSpan Able = 6.5 * Second;

    [Fact(Explicit = true)]
    public Task Sixty_kills_of_the_whole_service_and_thirty_immediate_stops_of_PostgreSQL_under_load_lose_nothing() => CrashAsync(kills: 60, stops: 30);

    async Task CrashAsync(int kills, int stops)
    {
        Random random = Seed.Draw(output);
        await using ServiceRig rig = await ServiceRig.StartAsync(
            new RigOptions
            {
                IsSocketHeld = true,
                Able = Able,
                Upstream = ["--changing", $"{random.Next()}", "--latency-min", "50", "--latency-max", "500", "--seed", $"{random.Next()}"],
            },
            output);

        using var enough = new CancellationTokenSource();
        Task<SendFigures[]> sending = Task.WhenAll(
            rig.SendAsync(["--rate", "100", "--ids", "20", "--id-range", "5000", "--seed", $"{random.Next()}"], 30 * Second * Rounds, enough: enough.Token),
            rig.SendAsync(RareIds.Sender(random), 30 * Second * Rounds, enough: enough.Token));
        for (int round = 0; round < Rounds; round++)
        {
            // Each draws from a generator of its own: they run side by side.
            await Task.WhenAll(
                RepeatAsync(ShareOf(kills, round), new Random(random.Next()), _ => rig.KillServiceAsync()),
                RepeatAsync(ShareOf(stops, round), new Random(random.Next()), moment => rig.StopPostgresForAsync(Second * moment.NextDouble())));
            await Task.Delay(Able + Second, TimeProvider.System);
        }

        await enough.CancelAsync();
        Assert.All(await sending, sent => Assert.True(sent.Accepted > sent.Sent / 2, $"{sent}"));
        TrialVerdict verdict = await rig.AssertGoodAsync();
        Assert.InRange(verdict.Outcomes["expired_in_outage"], 0, verdict.Sightings * ExpiredShareMax);
    }

    static int ShareOf(int crashes, int round) => crashes * (round + 1) / Rounds - crashes * round / Rounds;

    static async Task RepeatAsync(int times, Random random, Func<Random, Task> crash)
    {
        for (int time = 0; time < times; time++)
        {
            await Task.Delay(1.5 * Second * random.NextDouble(), TimeProvider.System);
            await crash(random);
        }
    }
}

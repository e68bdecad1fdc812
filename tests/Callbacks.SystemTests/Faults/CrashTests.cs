using Callbacks.Fixtures;
using Callbacks.SystemTests.Acceptance;

namespace Callbacks.SystemTests.Faults;

/// <summary>One crash after the other at random moments, far enough apart that work is done between them.</summary>
[Collection(Sequential.Name)]
public sealed class CrashTests(ITestOutputHelper output)
{
    static readonly TimeSpan Second = TimeSpan.FromSeconds(1);

    // Nothing in a life of this length is away for longer than a crash, so nearly everything has to be stored all the same.
    const double ExpiredShareMax = 0.01;

    [Fact(Explicit = true)]
    public Task Sixty_kills_of_the_whole_service_and_thirty_immediate_stops_of_PostgreSQL_under_load_lose_nothing() => CrashAsync(kills: 60, stops: 30);

    async Task CrashAsync(int kills, int stops)
    {
        Random random = Seed.Draw(output);
        await using ServiceRig rig = await ServiceRig.StartAsync(
            new RigOptions
            {
                IsSocketHeld = true,
                Retention = 15 * Second,
                Able = 2.5 * Second,
                Upstream = ["--changing", $"{random.Next()}", "--latency-min", "50", "--latency-max", "500", "--seed", $"{random.Next()}"],
            },
            output);

        using var enough = new CancellationTokenSource();
        Task<SendFigures> sending = rig.SendAsync(
            ["--rate", "100", "--ids", "20", "--id-range", "5000", "--seed", $"{random.Next()}"], 10 * Second * kills, enough: enough.Token);
        // Each draws from a generator of its own: they run side by side.
        await Task.WhenAll(
            RepeatAsync(kills, 2 * Second, 4 * Second, new Random(random.Next()), _ => rig.KillServiceAsync()),
            RepeatAsync(stops, 4 * Second, 6 * Second, new Random(random.Next()), moment => rig.StopPostgresForAsync(Second * moment.NextDouble())));
        await enough.CancelAsync();
        SendFigures sent = await sending;

        Assert.True(sent.Accepted > sent.Sent / 2, $"{sent}");
        TrialVerdict verdict = await rig.AssertGoodAsync();
        Assert.InRange(verdict.Outcomes["expired_in_outage"], 0, verdict.Sightings * ExpiredShareMax);
    }

    static async Task RepeatAsync(int times, TimeSpan min, TimeSpan max, Random random, Func<Random, Task> crash)
    {
        for (int time = 0; time < times; time++)
        {
            await Task.Delay(min + (max - min) * random.NextDouble(), TimeProvider.System);
            await crash(random);
        }
    }
}

using Callbacks.Fixtures;
using Callbacks.SystemTests.Acceptance;

namespace Callbacks.SystemTests.Faults;

[Alone]
public sealed class StopUnderLoadTests(ITestOutputHelper output)
{
    static readonly TimeSpan StopMax = TimeSpan.FromSeconds(10);

    // Back at full rate within 5 s, a lookup, and a batch.
    static readonly TimeSpan AbleMin = TimeSpan.FromSeconds(9.5);

    [Fact]
    public Task SIGTERM_at_full_load_ends_it_within_10_s_and_the_next_start_takes_up_the_rest() => StopAsync(stops: 1, TimeSpan.FromSeconds(15), ids: 8_000);

    [Fact(Explicit = true)]
    public Task Ten_times_SIGTERM_at_full_load_end_it_within_10_s_and_the_next_starts_take_up_the_rest() => StopAsync(stops: 10, TimeSpan.FromSeconds(30), ids: 20_000);

    async Task StopAsync(int stops, TimeSpan retention, int ids)
    {
        Random random = Seed.Draw(output);
        await using ServiceRig rig = await ServiceRig.StartAsync(
            new RigOptions
            {
                Retention = retention,
                Able = retention / 2 > AbleMin ? retention / 2 : AbleMin,
                IsSocketHeld = true,
                InFlightMax = 8_000,
                Upstream = ["--changing", $"{random.Next()}", "--seed", $"{random.Next()}"],
            },
            output);
        using var enough = new CancellationTokenSource();
        Task<SendFigures> sending = rig.SendAsync(
            ["--rate", "200", "--ids", "100", "--id-range", $"{ids}", "--fresh-connection", "--timeout", "30s", "--seed", $"{random.Next()}"],
            (stops + 1) * TimeSpan.FromSeconds(30), enough: enough.Token);
        for (int done = 0; done < stops; done++)
        {
            await Task.Delay(TimeSpan.FromSeconds(6), TimeProvider.System);
            int inFlight = (await rig.Service.StatusAsync()).Lookup.InFlight;
            TimeSpan stop = await rig.RestartServiceAsync();
            output.WriteLine($"stopped within {stop.TotalSeconds:F2} s with {inFlight} lookups in flight; {rig.Service.Lines.Last("Accepting stopped")}");
            Assert.InRange(stop, TimeSpan.Zero, StopMax);
            Assert.True(inFlight > 0);
        }

        await Task.Delay(TimeSpan.FromSeconds(2), TimeProvider.System);
        await enough.CancelAsync();
        SendFigures sent = await sending;
        Assert.Empty(sent.NoAnswer);
        await rig.AssertGoodAsync();
    }
}

using Callbacks.Fixtures;
using Callbacks.SystemTests.Acceptance;

namespace Callbacks.SystemTests.Faults;

[Alone]
public sealed class OverloadTests(ITestOutputHelper output)
{
    const double MebibytesMax = 1_500;
    const int InFlightMax = 2_000;

    /// <summary>By the upstream's own count, in which a lookup that is on its way on a crowded machine, there or back, isn't in flight.</summary>
    const int InFlightSeenMin = InFlightMax * 4 / 5;

    [Fact]
    public Task Ten_times_the_load_beside_slow_clients_and_thousands_of_connections_leaves_memory_bounded_and_the_ledger_whole() =>
        BearAsync(rate: 500, TimeSpan.FromSeconds(6));

    [Fact(Explicit = true)]
    public Task Ten_times_the_load_for_30_s_beside_slow_clients_and_thousands_of_connections_leaves_memory_bounded_and_the_ledger_whole() =>
        BearAsync(rate: 2_000, TimeSpan.FromSeconds(30));

    async Task BearAsync(int rate, TimeSpan duration)
    {
        TimeProvider time = TimeProvider.System;
        Random random = Seed.Draw(output);
        await using ServiceRig rig = await ServiceRig.StartAsync(
            new RigOptions
            {
                // Long enough that the lookups of most lives are at their limit for nine tenths, though the machine stands still for a moment.
                Retention = TimeSpan.FromSeconds(20),
                Able = TimeSpan.FromSeconds(10),
                InFlightMax = InFlightMax,
                Upstream = ["--changing", $"{random.Next()}", "--seed", $"{random.Next()}"],
            },
            output);
        // More ids than can be looked up, and few callbacks: all connections to the upstream are open before the machine is crowded.
        await rig.SendAsync(["--rate", "20", "--ids", "100", "--id-range", "1000000", "--timeout", "5s", "--seed", $"{random.Next()}"], TimeSpan.FromSeconds(4));
        using var slow = new IdleClients(rig.Service.Url);
        using var client = new HttpClient(new SocketsHttpHandler { PooledConnectionLifetime = TimeSpan.Zero }) { Timeout = TimeSpan.FromSeconds(30) };
        Task<SendFigures> sending = rig.SendAsync(
            ["--rate", $"{rate}", "--ids", "100", "--id-range", "1000000", "--timeout", "5s", "--seed", $"{random.Next()}"], duration);
        Task opening = slow.OpenAsync(3_000, TimeSpan.FromMilliseconds(1), "POST /callback HTTP/1.1\r\nHost: a\r\nContent-Length: 1000\r\n\r\n{\"object_ids\":[");

        double most = 0;
        int asked = 0;
        while (!sending.IsCompleted)
        {
            using HttpResponseMessage live = await client.GetAsync(new Uri(rig.Service.Url, "livez"));
            Assert.True(live.IsSuccessStatusCode, $"/livez said {live.StatusCode}");
            asked++;
            most = Math.Max(most, rig.Service.ResidentMebibytes());
            await Task.WhenAny(sending, Task.Delay(TimeSpan.FromMilliseconds(250), time));
        }

        SendFigures sent = await sending;
        await opening;
        output.WriteLine($"{most:F0} MiB at most; /livez answered {asked} times");
        Assert.True(most <= MebibytesMax, $"{most:F0} MiB");
        Assert.Equal(0, sent.Unanswered("refused"));
        Assert.True(sent.Accepted > sent.Sent / 2, $"{sent}");
        // The load takes the CPUs too, so rows may go a little late; how late, others measure.
        await rig.AssertGoodAsync("--late", "3s", "--in-flight-max", $"{InFlightSeenMin}");
    }
}

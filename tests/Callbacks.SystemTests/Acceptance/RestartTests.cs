using Callbacks.Fixtures;

namespace Callbacks.SystemTests.Acceptance;

[Alone]
public sealed class RestartTests(ITestOutputHelper output)
{
    // A sender that keeps its connections may send on one in the moment in which it is closed: HTTP/1.1 knows no way around that. On a
    // crowded machine the next process takes seconds to start, posts pile up, the sender opens hundreds of connections for them, and the moment is long.
    const int CrossingsPerRestartMax = 2;
    const int CrowdedCrossingsPerRestartMax = 10;
    const double CrossingsPerLatePostMax = 0.05;

    static readonly TimeSpan QuietMin = TimeSpan.FromSeconds(2);
    static readonly TimeSpan QuietMax = TimeSpan.FromSeconds(3);

    [Fact]
    public Task Restarts_on_a_held_socket_leave_no_post_unanswered() => AnswerAllAsync(3);

    [Fact(Explicit = true)]
    [Trait("length", "long")]
    public Task Fifty_restarts_on_a_held_socket_leave_no_post_unanswered() => AnswerAllAsync(50);

    [Fact]
    public Task Restarts_cross_few_posts_on_kept_connections_and_miss_nothing_acknowledged() => CrossFewAsync(2, CrowdedCrossingsPerRestartMax);

    [Fact(Explicit = true)]
    [Trait("length", "long")]
    public Task Fifty_restarts_cross_few_posts_on_kept_connections_and_miss_nothing_acknowledged() => CrossFewAsync(50, CrossingsPerRestartMax);

    async Task AnswerAllAsync(int restarts)
    {
        (SendFigures sent, _) = await RestartAsync(restarts, "--fresh-connection");
        Assert.Empty(sent.NoAnswer);
        sent.AssertAccepted();
    }

    async Task CrossFewAsync(int restarts, int crossingsPerRestartMax)
    {
        (SendFigures sent, int late) = await RestartAsync(restarts);
        long closed = sent.Unanswered("closed");
        sent.AssertAccepted(closed);
        Assert.InRange(closed, 0, crossingsPerRestartMax * restarts + (long)(late * CrossingsPerLatePostMax));
    }

    /// <summary>Returns also how many posts were answered after more than a second.</summary>
    async Task<(SendFigures Sent, int Late)> RestartAsync(int restarts, params string[] connections)
    {
        Random random = Seed.Draw(output);
        await using ServiceRig rig = await ServiceRig.StartAsync(
            new RigOptions
            {
                IsSocketHeld = true,
                Retention = TimeSpan.FromSeconds(10),
                // A lookup fits between two restarts, so nothing has a right to expire.
                Able = QuietMin,
                Upstream = ["--latency-min", "50", "--latency-max", "500", "--seed", $"{random.Next()}"],
            },
            output);

        // More patience than the known sender's 1 s: only what nobody answers at all stays unanswered, and how long a restart takes is seen.
        using var enough = new CancellationTokenSource();
        Task<SendFigures> sending = rig.SendAsync(
            ["--rate", "200", "--ids", "1-10", "--id-range", "1000", "--timeout", "30s", "--seed", $"{random.Next()}", .. connections],
            restarts * TimeSpan.FromSeconds(10), enough: enough.Token);
        for (int done = 0; done < restarts; done++)
        {
            await Task.Delay(QuietMin + (QuietMax - QuietMin) * random.NextDouble(), TimeProvider.System);
            await rig.RestartServiceAsync();
            output.WriteLine(rig.Service.Lines.Last("Accepting stopped"));
        }

        await Task.Delay(QuietMin, TimeProvider.System);
        await enough.CancelAsync();
        SendFigures sent = await sending;
        int late = rig.Latencies().Count(latency => latency > TimeSpan.FromSeconds(1));
        output.WriteLine($"{restarts} restarts; {late} posts were answered after more than 1 s");
        await rig.AssertGoodAsync();
        return (sent, late);
    }
}

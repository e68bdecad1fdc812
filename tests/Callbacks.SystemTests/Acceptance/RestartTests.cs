namespace Callbacks.SystemTests.Acceptance;

[Collection(Sequential.Name)]
public sealed class RestartTests(ITestOutputHelper output)
{
    // A sender that keeps its connections may send on one in the moment in which it is closed: HTTP/1.1 knows no way around that.
    const int CrossingsPerRestartMax = 2;

    static readonly TimeSpan Quiet = TimeSpan.FromSeconds(2);

    [Fact]
    public Task Restarts_on_a_held_socket_leave_no_post_unanswered() => RestartAsync(5);

    [Fact(Explicit = true)]
    public Task Fifty_restarts_on_a_held_socket_leave_no_post_unanswered() => RestartAsync(50);

    async Task RestartAsync(int restarts)
    {
        Random random = Seed.Draw(output);
        await using ServiceRig rig = await ServiceRig.StartAsync(
            new RigOptions { IsSocketHeld = true, Retention = TimeSpan.FromSeconds(15), Upstream = ["--seed", $"{random.Next()}"] }, output);

        // Patience beyond the known sender's: how long a restart takes is seen, and only what nobody answers is left unanswered.
        string[] load = ["--rate", "200", "--ids", "1-10", "--id-range", "1000", "--timeout", "10s"];
        TimeSpan duration = restarts * TimeSpan.FromSeconds(4);
        Task<SendFigures> sendingFresh = rig.SendAsync([.. load, "--seed", $"{random.Next()}", "--fresh-connection"], duration);
        Task<SendFigures> sendingKept = rig.SendAsync([.. load, "--seed", $"{random.Next()}"], duration);
        int done = 0;
        while (done < restarts && !sendingFresh.IsCompleted)
        {
            await Task.Delay(Quiet * random.NextDouble(), TimeProvider.System);
            await rig.RestartServiceAsync();
            done++;
        }

        SendFigures fresh = await sendingFresh;
        SendFigures kept = await sendingKept;
        output.WriteLine($"{done} restarts; {rig.CountSlowerThan(TimeSpan.FromSeconds(1))} posts were answered after more than 1 s");
        Assert.Equal(restarts, done);
        Assert.Empty(fresh.NoAnswer);
        Assert.Equal(fresh.Sent, fresh.Accepted);
        Assert.All(kept.NoAnswer.Keys, kind => Assert.Equal("closed", kind));
        Assert.InRange(kept.Unanswered("closed"), 0, CrossingsPerRestartMax * restarts);
        Assert.Equal(kept.Sent, kept.Accepted + kept.Unanswered("closed"));
        await rig.AssertGoodAsync();
    }
}

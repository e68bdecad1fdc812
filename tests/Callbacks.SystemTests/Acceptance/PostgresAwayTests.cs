namespace Callbacks.SystemTests.Acceptance;

[Collection(Sequential.Name)]
public sealed class PostgresAwayTests(ITestOutputHelper output)
{
    static readonly TimeSpan Before = TimeSpan.FromSeconds(2);
    static readonly TimeSpan After = TimeSpan.FromSeconds(3);

    [Fact]
    public async Task With_PostgreSQL_away_every_callback_is_answered()
    {
        SendFigures sent = await AnswerAllAsync(TimeSpan.FromSeconds(8));
        Assert.True(sent.LatencyMs.Max < 1_000, $"{sent}");
    }

    [Fact(Explicit = true)]
    public async Task With_PostgreSQL_away_for_a_minute_every_callback_is_answered_in_milliseconds()
    {
        SendFigures sent = await AnswerAllAsync(TimeSpan.FromMinutes(1));
        // Of an otherwise idle machine.
        Assert.True(sent.LatencyMs.P99 < 50, $"{sent}");
    }

    async Task<SendFigures> AnswerAllAsync(TimeSpan away)
    {
        Random random = Seed.Draw(output);
        await using ServiceRig rig = await ServiceRig.StartAsync(
            new RigOptions { Retention = TimeSpan.FromSeconds(20), Able = TimeSpan.FromSeconds(5), Upstream = ["--changing", $"{random.Next()}", "--seed", $"{random.Next()}"] }, output);

        Task<SendFigures> sending = rig.SendAsync(
            ["--rate", "200", "--ids", "100", "--id-range", "2000", "--seed", $"{random.Next()}"], Before + away + After);
        await Task.Delay(Before, TimeProvider.System);
        await rig.StopPostgresForAsync(away);
        SendFigures sent = await sending;

        Assert.Equal(sent.Sent, sent.Accepted);
        await rig.AssertGoodAsync();
        return sent;
    }
}

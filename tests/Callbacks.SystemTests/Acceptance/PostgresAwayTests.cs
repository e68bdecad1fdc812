using Callbacks.Fixtures;

namespace Callbacks.SystemTests.Acceptance;

[Collection(Sequential.Name)]
public sealed class PostgresAwayTests(ITestOutputHelper output)
{
    [Fact]
    public async Task With_PostgreSQL_away_every_callback_is_answered()
    {
        SendFigures sent = await AnswerAllAsync(TimeSpan.FromSeconds(3), TimeSpan.FromSeconds(8), ids: 2_000);
        Assert.True(sent.LatencyMs.Max < 1_000, $"{sent}");
    }

    [Fact(Explicit = true)]
    [Trait("length", "long")]
    public async Task With_PostgreSQL_away_for_a_minute_every_callback_is_answered_in_milliseconds()
    {
        SendFigures sent = await AnswerAllAsync(TimeSpan.FromSeconds(10), TimeSpan.FromMinutes(1), ids: 20_000);
        // Of an otherwise idle machine.
        Assert.True(sent.LatencyMs.P99 < 50, $"{sent}");
    }

    async Task<SendFigures> AnswerAllAsync(TimeSpan warmUp, TimeSpan away, int ids)
    {
        Random random = Seed.Draw(output);
        await using ServiceRig rig = await ServiceRig.StartAsync(
            new RigOptions
            {
                Retention = TimeSpan.FromSeconds(20),
                Able = TimeSpan.FromSeconds(12),
                InFlightMax = 8_000,
                Upstream = ["--changing", $"{random.Next()}", "--seed", $"{random.Next()}"],
            },
            output);

        string[] load = ["--rate", "200", "--ids", "100", "--id-range", $"{ids}", "--seed", $"{random.Next()}"];
        // Thousands of connections to the upstream are opened meanwhile, and code is compiled: what comes after it is the everyday.
        await rig.SendAsync(load, warmUp);
        Task absence = rig.StopPostgresForAsync(away);
        SendFigures sent = await rig.SendAsync(load, away);
        await absence;

        Assert.Equal(sent.Sent, sent.Accepted);
        await rig.AssertGoodAsync();
        return sent;
    }
}

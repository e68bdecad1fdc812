using Callbacks.Fixtures;

namespace Callbacks.SystemTests.Acceptance;

[Alone]
public sealed class PostgresAwayTests(ITestOutputHelper output)
{
    [Fact]
    public async Task With_PostgreSQL_away_every_callback_is_answered()
    {
        List<TimeSpan> latencies = await AnswerAllAsync(TimeSpan.FromSeconds(4), TimeSpan.FromSeconds(4), ids: 2_000, TimeSpan.FromSeconds(12));
        // A machine that stands still makes some of them late, waiting for PostgreSQL would most.
        Assert.InRange(At(latencies, 0.9), TimeSpan.Zero, TimeSpan.FromSeconds(1));
    }

    [Fact(Explicit = true)]
    [Trait("length", "long")]
    public async Task With_PostgreSQL_away_for_a_minute_every_callback_is_answered_in_milliseconds()
    {
        List<TimeSpan> latencies = await AnswerAllAsync(TimeSpan.FromSeconds(20), TimeSpan.FromMinutes(1), ids: 20_000, TimeSpan.FromSeconds(20));
        // Of an otherwise idle machine.
        Assert.InRange(At(latencies, 0.99), TimeSpan.Zero, TimeSpan.FromMilliseconds(50));
    }

    /// <summary>Returns what the answers took while it was away, the quickest first.</summary>
    async Task<List<TimeSpan>> AnswerAllAsync(TimeSpan warmUp, TimeSpan away, int ids, TimeSpan retention)
    {
        TimeProvider time = TimeProvider.System;
        Random random = Seed.Draw(output);
        await using ServiceRig rig = await ServiceRig.StartAsync(
            new RigOptions
            {
                Retention = retention,
                Able = retention * 0.6,
                InFlightMax = 8_000,
                Upstream = ["--changing", $"{random.Next()}", "--seed", $"{random.Next()}"],
            },
            output);

        Task<SendFigures> sending = rig.SendAsync(
            ["--rate", "200", "--ids", "100", "--id-range", $"{ids}", "--timeout", "10s", "--seed", $"{random.Next()}"], warmUp + away);
        // Thousands of connections to the upstream are opened meanwhile, and code is compiled, the sender's too: what comes after it is the everyday.
        await Task.Delay(warmUp, time);
        DateTimeOffset start = time.GetUtcNow();
        await rig.StopPostgresForAsync(away);
        DateTimeOffset end = time.GetUtcNow();
        SendFigures sent = await sending;
        List<TimeSpan> latencies = rig.Latencies(start, end);
        output.WriteLine($"while it was away: {latencies.Count} answers, p50 {At(latencies, 0.5)}, p99 {At(latencies, 0.99)}, max {latencies[^1]}");

        sent.AssertAccepted();
        await rig.AssertGoodAsync();
        return latencies;
    }

    static TimeSpan At(List<TimeSpan> latencies, double share) => latencies[(int)(latencies.Count * share)];
}

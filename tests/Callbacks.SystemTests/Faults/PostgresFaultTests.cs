using Callbacks.Fixtures;
using Callbacks.SystemTests.Acceptance;

namespace Callbacks.SystemTests.Faults;

[Alone]
public sealed class PostgresFaultTests(ITestOutputHelper output)
{
    const int Ids = 100;

    [Fact]
    public async Task PostgreSQL_away_at_the_start_read_only_without_a_free_connection_slow_and_cut_after_commits_costs_nothing_but_time()
    {
        Random random = Seed.Draw(output);
        await using ServiceRig rig = await StartAsync(random);
        var faults = new PostgresFaults(rig);
        await faults.StartWithoutServerAsync();

        using var enough = new CancellationTokenSource();
        Task<SendFigures> sending = rig.SendAsync(Load(random, ids: 2_000), TimeSpan.FromMinutes(2), enough: enough.Token);
        await faults.BeReadOnlyAsync();
        await faults.HaveNoConnectionFreeAsync();
        await faults.BeSlowAsync();
        await faults.CutAnswersAsync(times: 3);
        await enough.CancelAsync();
        SendFigures sent = await sending;

        sent.AssertAccepted();
        // Beside other trials rows may go a little late; how late, others measure, on a quiet machine.
        TrialVerdict verdict = await rig.AssertGoodAsync("--late", "1s");
        // What the verdict takes for expired would have been lost: the service expired nothing.
        Assert.Equal(0, verdict.Outcomes["expired_in_outage"]);
        Assert.Equal(0, (await rig.Service.StatusAsync()).Balance.Expired);
    }

    [Fact]
    public async Task A_table_that_is_dropped_while_the_service_runs_is_made_again_and_filled()
    {
        Random random = Seed.Draw(output);
        await using ServiceRig rig = await StartAsync(random);

        using var enough = new CancellationTokenSource();
        Task<SendFigures> sending = rig.SendAsync(Load(random, Ids), TimeSpan.FromMinutes(1), enough: enough.Token);
        await Eventually.TrueAsync(async () => await rig.CountRowsAsync() == Ids / 2, TimeSpan.FromSeconds(30), () => "the online ids are stored");
        await rig.ExecuteAsync("drop table objects");
        await Eventually.TrueAsync(async () => await rig.CountRowsAsync() == Ids / 2, TimeSpan.FromSeconds(30), () => "the online ids are stored again");
        await enough.CancelAsync();
        SendFigures sent = await sending;

        sent.AssertAccepted();
        // The audit went with the table; the books and the rows must do.
        await rig.DrainAsync();
        ServiceStatus status = await rig.Service.StatusAsync();
        Assert.Equal("ok", status.State);
        Assert.Equal(0, status.Balance.Expired);
    }

    Task<ServiceRig> StartAsync(Random random) => ServiceRig.StartAsync(
        new RigOptions
        {
            Retention = TimeSpan.FromSeconds(10),
            Able = TimeSpan.FromSeconds(3),
            PostgresConnectionsMax = 40,
            IsPostgresBehindProxy = true,
            Upstream = ["--latency-min", "50", "--latency-max", "500", "--seed", $"{random.Next()}"],
        },
        output);

    static string[] Load(Random random, int ids) => ["--rate", "50", "--ids", "20", "--id-range", $"{ids}", "--timeout", "5s", "--seed", $"{random.Next()}"];
}

using Callbacks.Fixtures;

namespace Callbacks.SystemTests.Acceptance;

[Alone]
public sealed class BacklogTests(ITestOutputHelper output)
{
    static readonly TimeSpan Retention = TimeSpan.FromSeconds(3);

    [Fact]
    public async Task A_start_with_a_backlog_older_than_the_retention_expires_it_and_sweeps_the_rows()
    {
        Random random = Seed.Draw(output);
        await using ServiceRig rig = await ServiceRig.StartAsync(
            new RigOptions { Retention = Retention, Upstream = ["--latency-max", "2000", "--seed", $"{random.Next()}"] }, output);
        await rig.SendAsync(["--rate", "100", "--ids", "10", "--id-range", "100000", "--seed", $"{random.Next()}"], TimeSpan.FromSeconds(3));
        long rows = await rig.CountRowsAsync();

        await rig.KillServiceForAsync(Retention + TimeSpan.FromSeconds(0.5));

        await Eventually.TrueAsync(async () => await rig.CountRowsAsync() == 0, TimeSpan.FromSeconds(5), () => "the old rows are swept");
        await Eventually.TrueAsync(
            async () => (await rig.Service.StatusAsync()).Balance.Pending == 0, TimeSpan.FromSeconds(5), () => "nothing is pending");
        ServiceStatus status = await rig.Service.StatusAsync();
        output.WriteLine($"{rows} rows before; {status.Balance}; journal of {status.Journal.Segments} segments");
        Assert.True(rows > 0);
        Assert.True(status.Balance is { PendingAtStart: > 0, Acknowledged: 0, IsBalanced: true }, $"{status.Balance}");
        Assert.Equal(status.Balance.PendingAtStart, status.Balance.Expired);
        Assert.Equal(0, status.Lookup.Attempts);
        // With a retention of 3 s a service that has only just started has no time to be cold in; how late rows go, others measure.
        await rig.AssertGoodAsync("--late", "2s");
    }
}

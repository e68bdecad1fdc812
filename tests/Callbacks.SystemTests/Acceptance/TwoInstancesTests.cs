using Callbacks.Fixtures;

namespace Callbacks.SystemTests.Acceptance;

[Alone]
public sealed class TwoInstancesTests(ITestOutputHelper output)
{
    [Fact]
    public async Task Two_instances_on_one_database_start_at_once_and_agree()
    {
        Random random = Seed.Draw(output);
        // Each id is named often enough, and answered in one way, for no row to be due before the end: what is pending keeps a row from
        // its own instance's sweep only.
        await using ServiceRig rig = await ServiceRig.StartAsync(
            new RigOptions { Services = 2, Retention = TimeSpan.FromSeconds(10), Able = TimeSpan.FromSeconds(5), Upstream = ["--latency-max", "2000", "--seed", $"{random.Next()}"] }, output);

        SendFigures[] sent = await Task.WhenAll(Enumerable.Range(0, 2).Select(service => rig.SendAsync(
            ["--rate", "50", "--ids", "20", "--id-range", "500", "--timeout", "5s", "--seed", $"{random.Next()}"], TimeSpan.FromSeconds(3), service: service)));

        Assert.All(sent, figures => figures.AssertAccepted());
        await rig.AssertGoodAsync();
    }
}

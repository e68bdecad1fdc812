using Callbacks.Fixtures;
using Callbacks.SystemTests.Acceptance;

namespace Callbacks.SystemTests.Faults;

[Alone]
public sealed class FileDescriptorsTests(ITestOutputHelper output)
{
    const int InFlightMax = 500;
    const int ConnectionsMax = 300;
    const int CrossingsMax = 2;
    const int FilesMax = InFlightMax + ConnectionsMax + 500;

    static readonly string[] Load = ["--rate", "20", "--ids", "50", "--id-range", "5000", "--timeout", "5s"];

    [Fact]
    public async Task Thousands_of_idle_connections_leave_senders_and_lookups_their_shares()
    {
        await using ServiceRig rig = await StartAsync();
        Task<SendFigures> sending = rig.SendAsync(Load, TimeSpan.FromSeconds(7));
        using var idle = new IdleClients(rig.Service.Url);
        await idle.OpenAsync(2_000, TimeSpan.FromMilliseconds(2));
        int files = rig.Service.CountFiles();
        SendFigures sent = await sending;
        output.WriteLine($"{files} of {FilesMax} file descriptors in use");
        Assert.InRange(files, ConnectionsMax / 2, FilesMax - 1);
        // Where a connection waits for a second's silence of another, a machine that stands still makes all of them look silent: one may cross its next post.
        sent.AssertAccepted(closed: Math.Min(sent.Unanswered("closed"), CrossingsMax));
        // Beside other trials rows may go a little late; how late, others measure.
        await rig.AssertGoodAsync("--late", "1s");
    }

    Task<ServiceRig> StartAsync() => ServiceRig.StartAsync(
        new RigOptions
        {
            Retention = TimeSpan.FromSeconds(10),
            Able = TimeSpan.FromSeconds(5),
            InFlightMax = InFlightMax,
            Within = ["/bin/sh", "-c", $"ulimit -n {FilesMax}; exec \"$@\"", "sh"],
            Service = [$"--Intake:ConnectionsMax={ConnectionsMax}"],
            Upstream = ["--latency-min", "50", "--latency-max", "400", "--seed", $"{Seed.Draw(output).Next()}"],
        },
        output);
}

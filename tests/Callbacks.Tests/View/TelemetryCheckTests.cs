using System.Net;
using System.Net.Sockets;
using Callbacks.Configuration;
using Callbacks.Telemetry;

namespace Callbacks.Tests.View;

public sealed class TelemetryCheckTests
{
    [Fact]
    public async Task No_endpoint_is_nothing_to_say()
    {
        Assert.SkipWhen(new TelemetryOptions().IsSent, "The environment names a collector.");
        Assert.Null(await new TelemetryCheck(new TelemetryOptions(), TimeProvider.System).RunAsync(CancellationToken.None));
    }

    [Fact]
    public async Task A_collector_that_listens_will_do_and_none_will_not()
    {
        using var collector = new TcpListener(IPAddress.Loopback, 0);
        collector.Start();
        CheckResult there = await CheckAsync($"http://127.0.0.1:{((IPEndPoint)collector.LocalEndpoint).Port}");
        Assert.True(there.IsOk, there.Text);
        CheckResult away = await CheckAsync("http://user:secret@127.0.0.1:1");
        Assert.False(away.IsOk);
        Assert.StartsWith("http://***@127.0.0.1:1 can't be reached", away.Text, StringComparison.Ordinal);
    }

    static async Task<CheckResult> CheckAsync(string url) =>
        (await new TelemetryCheck(new TelemetryOptions { Endpoint = new Uri(url) }, TimeProvider.System).RunAsync(CancellationToken.None))!;
}

using System.Collections.Concurrent;
using System.Net;
using System.Text;
using Callbacks.Fixtures;
using Callbacks.Tests.Journal;
using Callbacks.Tests.Lookup;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Logging;

namespace Callbacks.Tests.View;

public sealed class OtlpTests
{
    [Fact]
    public async Task With_an_endpoint_metrics_and_the_spans_of_server_client_and_database_are_sent()
    {
        var received = new ConcurrentDictionary<string, string>(StringComparer.Ordinal);
        await using WebApplication collector = await CollectAsync(received);
        await using FakeUpstream upstream = await FakeUpstream.StartAsync();
        await using (StatusRig rig = await StatusRig.StartAsync(
            new SimulatedDisk(), upstream.Address, await PostgreSql.CreateDatabaseAsync(), $"--Telemetry:Endpoint={collector.Urls.Single()}", "--Telemetry:Protocol=HttpProtobuf"))
        {
            Assert.Equal(HttpStatusCode.Accepted, await rig.PostAsync(2, 4));
            await rig.UntilAsync(status => status.GetProperty("balance").GetProperty("stored").GetInt64() == 2, "both are stored");
        }

        // The last figures go out with the stop. Protobuf keeps names as they are.
        foreach (string name in new[] { "callback.received", "callback.lookup.duration", "callback.build_info" })
            Assert.Contains(name, received["/v1/metrics"], StringComparison.Ordinal);
        foreach (string span in new[] { "Microsoft.AspNetCore", "System.Net.Http", "Npgsql", new Uri(upstream.Address, "objects/2").AbsoluteUri })
            Assert.Contains(span, received["/v1/traces"], StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_collector_that_does_not_answer_holds_up_neither_callbacks_nor_the_stop()
    {
        var never = new TaskCompletionSource();
        await using WebApplication collector = await StartAsync(_ => never.Task);
        await using FakeUpstream upstream = await FakeUpstream.StartAsync();
        StatusRig rig = await StatusRig.StartAsync(
            new SimulatedDisk(), upstream.Address, await PostgreSql.CreateDatabaseAsync(), $"--Telemetry:Endpoint={collector.Urls.Single()}", "--Telemetry:Protocol=HttpProtobuf");
        Assert.Equal(HttpStatusCode.Accepted, await rig.PostAsync(2, 4));
        long start = TimeProvider.System.GetTimestamp();
        await rig.DisposeAsync();
        Assert.InRange(TimeProvider.System.GetElapsedTime(start), TimeSpan.Zero, TimeSpan.FromSeconds(6));
        never.SetResult();
    }

    static Task<WebApplication> CollectAsync(ConcurrentDictionary<string, string> received) => StartAsync(async context =>
    {
        using var body = new MemoryStream();
        await context.Request.Body.CopyToAsync(body);
        string text = Encoding.Latin1.GetString(body.ToArray());
        received.AddOrUpdate(context.Request.Path, text, (_, before) => before + text);
    });

    static async Task<WebApplication> StartAsync(RequestDelegate answer)
    {
        WebApplicationBuilder builder = WebApplication.CreateSlimBuilder(["--urls", "http://127.0.0.1:0"]);
        builder.Logging.ClearProviders();
        WebApplication collector = builder.Build();
        collector.Run(answer);
        await collector.StartAsync();
        return collector;
    }
}

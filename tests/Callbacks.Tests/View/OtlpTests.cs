using System.Collections.Concurrent;
using System.Net;
using System.Text;
using Callbacks.Fixtures;
using Callbacks.Telemetry;
using Callbacks.Tests.Journal;
using Callbacks.Tests.Lookup;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Microsoft.Extensions.Logging;

namespace Callbacks.Tests.View;

public sealed class OtlpTests
{
    [Theory]
    [InlineData("HttpProtobuf", "/v1/metrics", "/v1/traces")]
    [InlineData("Grpc", "/opentelemetry.proto.collector.metrics.v1.MetricsService/Export", "/opentelemetry.proto.collector.trace.v1.TraceService/Export")]
    public async Task With_an_endpoint_metrics_and_the_spans_of_server_client_and_database_are_sent(string protocol, string metrics, string traces)
    {
        // A stop gives the last figures half a second, which a busy machine may take for itself: then they are lost, and another life has to show it.
        string[] missing = [];
        for (int life = 0; life < 3 && (life == 0 || missing.Length > 0); life++)
            missing = await FindMissingAsync(protocol, metrics, traces);
        Assert.Empty(missing);
    }

    static async Task<string[]> FindMissingAsync(string protocol, string metrics, string traces)
    {
        var received = new ConcurrentDictionary<string, string>(StringComparer.Ordinal);
        await using WebApplication collector = await CollectAsync(received, protocol);
        await using FakeUpstream upstream = await FakeUpstream.StartAsync();
        await using (StatusRig rig = await StatusRig.StartAsync(
            new SimulatedDisk(), upstream.Address, await PostgreSql.CreateDatabaseAsync(), $"--Telemetry:Endpoint={collector.Urls.Single()}", $"--Telemetry:Protocol={protocol}"))
        {
            Assert.Equal(HttpStatusCode.Accepted, await rig.PostAsync(2, 4));
            await rig.UntilAsync(status => status.GetProperty("balance").GetProperty("stored").GetInt64() == 2, "both are stored");
        }

        // The last figures go out with the stop. Protobuf keeps names as they are.
        string[] names = ["callback.received", "callback.lookup.duration", "callback.build_info"];
        string[] spans = ["Microsoft.AspNetCore", "System.Net.Http", "Npgsql", new Uri(upstream.Address, "objects/2").AbsoluteUri, "callback.id", "00000001-1"];
        return [.. names.Where(name => !Has(metrics, name)), .. spans.Where(span => !Has(traces, span))];

        bool Has(string path, string text) => received.GetValueOrDefault(path, "").Contains(text, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_collector_that_does_not_answer_holds_up_neither_callbacks_nor_the_stop()
    {
        var never = new TaskCompletionSource();
        await using WebApplication collector = await StartAsync("HttpProtobuf", _ => never.Task);
        await using FakeUpstream upstream = await FakeUpstream.StartAsync();
        StatusRig rig = await StatusRig.StartAsync(
            new SimulatedDisk(), upstream.Address, await PostgreSql.CreateDatabaseAsync(), $"--Telemetry:Endpoint={collector.Urls.Single()}", "--Telemetry:Protocol=HttpProtobuf");
        Assert.Equal(HttpStatusCode.Accepted, await rig.PostAsync(2, 4));
        long start = TimeProvider.System.GetTimestamp();
        await rig.DisposeAsync();
        Assert.InRange(TimeProvider.System.GetElapsedTime(start), TimeSpan.Zero, TimeSpan.FromSeconds(9));
        never.SetResult();
    }

    [Theory]
    [InlineData("localhost", "Telemetry:Endpoint is 'localhost'; it must be an absolute http or https URL.")]
    [InlineData("ftp://localhost", "Telemetry:Endpoint is 'ftp://localhost/'; it must be an absolute http or https URL.")]
    [InlineData("http://localhost:4317", null)]
    public void An_endpoint_that_can_not_be_used_is_refused(string endpoint, string? error) =>
        Assert.Equal(error, new TelemetryOptions { Endpoint = new Uri(endpoint, UriKind.RelativeOrAbsolute) }.FindErrors().SingleOrDefault());

    static Task<WebApplication> CollectAsync(ConcurrentDictionary<string, string> received, string protocol) => StartAsync(protocol, async context =>
    {
        using var body = new MemoryStream();
        await context.Request.Body.CopyToAsync(body);
        string text = Encoding.Latin1.GetString(body.ToArray());
        received.AddOrUpdate(context.Request.Path, text, (_, before) => before + text);
    });

    static async Task<WebApplication> StartAsync(string protocol, RequestDelegate answer)
    {
        WebApplicationBuilder builder = WebApplication.CreateSlimBuilder(["--urls", "http://127.0.0.1:0"]);
        builder.Logging.ClearProviders();
        // Without TLS a server can speak only one of them.
        builder.WebHost.ConfigureKestrel(kestrel => kestrel.ConfigureEndpointDefaults(
            endpoint => endpoint.Protocols = protocol == "Grpc" ? HttpProtocols.Http2 : HttpProtocols.Http1));
        WebApplication collector = builder.Build();
        collector.Run(answer);
        await collector.StartAsync();
        return collector;
    }
}

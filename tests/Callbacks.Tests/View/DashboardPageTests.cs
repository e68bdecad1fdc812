using System.Net;
using System.Text.Json;
using Callbacks.Fixtures;
using Callbacks.Tests.Journal;
using Callbacks.Tests.Lookup;
using Callbacks.View;

namespace Callbacks.Tests.View;

public sealed class DashboardPageTests
{
    const string Nowhere = "Host=127.0.0.1;Port=1;Username=callbacks";
    const int ListenersMax = 32;

    [Theory]
    [InlineData("/", "text/html; charset=utf-8")]
    [InlineData("/dashboard/dashboard.js", "text/javascript; charset=utf-8")]
    [InlineData("/dashboard/dashboard.css", "text/css; charset=utf-8")]
    [InlineData("/dashboard/icon.svg", "image/svg+xml")]
    [InlineData("/dashboard/uplot.js", "text/javascript; charset=utf-8")]
    [InlineData("/dashboard/uplot.css", "text/css; charset=utf-8")]
    [InlineData("/dashboard/uplot.license.txt", "text/plain; charset=utf-8")]
    public async Task Each_file_may_load_from_here_alone_and_is_sent_again_only_when_it_has_changed(string path, string contentType)
    {
        await using FakeUpstream upstream = await FakeUpstream.StartAsync();
        await using StatusRig rig = await StatusRig.StartAsync(new SimulatedDisk(), upstream.Address, Nowhere);
        using HttpResponseMessage response = await rig.Client.GetAsync(path);
        Assert.Equal(HttpStatusCode.OK, response.StatusCode);
        Assert.Equal(contentType, response.Content.Headers.ContentType!.ToString());
        Assert.StartsWith("default-src 'self'; ", Assert.Single(response.Headers.GetValues("Content-Security-Policy")), StringComparison.Ordinal);
        Assert.Equal("nosniff", Assert.Single(response.Headers.GetValues("X-Content-Type-Options")));

        using var again = new HttpRequestMessage(HttpMethod.Get, path);
        again.Headers.IfNoneMatch.Add(response.Headers.ETag!);
        using HttpResponseMessage unchanged = await rig.Client.SendAsync(again);
        Assert.Equal(HttpStatusCode.NotModified, unchanged.StatusCode);
    }

    [Fact]
    public async Task Events_tell_the_status_and_the_past_once_and_end_when_the_service_stops()
    {
        await using FakeUpstream upstream = await FakeUpstream.StartAsync();
        StatusRig rig = await StatusRig.StartAsync(new SimulatedDisk(), upstream.Address, await PostgreSql.CreateDatabaseAsync());
        Assert.Equal(HttpStatusCode.Accepted, await rig.PostAsync(1, 2, 3));
        using HttpResponseMessage response = await rig.Client.GetAsync("/dashboard/events", HttpCompletionOption.ResponseHeadersRead);
        Assert.Equal("text/event-stream", response.Content.Headers.ContentType!.MediaType);
        using var events = new StreamReader(await response.Content.ReadAsStreamAsync());

        double last = 0;
        bool isOnlineKnown = false;
        while (!isOnlineKnown)
        {
            using JsonDocument view = await ReadAsync(events);
            Assert.Equal(3, view.RootElement.GetProperty("status").GetProperty("balance").GetProperty("acknowledged").GetInt64());
            foreach (JsonElement row in view.RootElement.GetProperty("rows").EnumerateArray())
            {
                Assert.True(row.GetProperty("at").GetDouble() > last, "A second is told once, in order.");
                last = row.GetProperty("at").GetDouble();
            }

            isOnlineKnown = view.RootElement.GetProperty("online") is { ValueKind: JsonValueKind.Number } online && online.GetInt64() == 1;
        }

        await rig.DisposeAsync();
        string rest = await events.ReadToEndAsync();
        Assert.EndsWith("\n\n", rest, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Only_so_many_may_listen_and_one_that_goes_makes_room()
    {
        await using FakeUpstream upstream = await FakeUpstream.StartAsync();
        await using StatusRig rig = await StatusRig.StartAsync(new SimulatedDisk(), upstream.Address, Nowhere);
        var streams = new List<HttpResponseMessage>();
        for (int listener = 0; listener < ListenersMax; listener++)
            streams.Add(await rig.Client.GetAsync("/dashboard/events", HttpCompletionOption.ResponseHeadersRead));
        Assert.All(streams, stream => Assert.Equal(HttpStatusCode.OK, stream.StatusCode));
        using (HttpResponseMessage turnedAway = await rig.Client.GetAsync("/dashboard/events", HttpCompletionOption.ResponseHeadersRead))
            Assert.Equal(HttpStatusCode.ServiceUnavailable, turnedAway.StatusCode);

        streams[0].Dispose();
        await Support.Wait.UntilAsync(
            async () =>
            {
                using HttpResponseMessage welcome = await rig.Client.GetAsync("/dashboard/events", HttpCompletionOption.ResponseHeadersRead);
                return welcome.StatusCode == HttpStatusCode.OK;
            },
            "there is room again");
        Assert.Equal(HttpStatusCode.Accepted, await rig.PostAsync(1));
        streams.ForEach(stream => stream.Dispose());
    }

    [Theory]
    [InlineData(0.5, 2)]
    [InlineData(0.25, 1)]
    [InlineData(1, 8)]
    [InlineData(0.95, 7.6)]
    public void Percentiles_are_read_from_buckets_as_Prometheus_does(double quantile, double expected) =>
        Assert.Equal(expected, Distributions.Quantile([2, 4, 8, double.PositiveInfinity], [4, 0, 4, 0], quantile), 9);

    [Fact]
    public void Beyond_the_last_bound_a_percentile_is_that_bound_and_of_nothing_it_is_none()
    {
        Assert.Equal(8, Distributions.Quantile([2, 4, 8, double.PositiveInfinity], [0, 0, 0, 5], 0.5));
        Assert.Null(default(Distributions).Since(default).Lookup);
    }

    static async Task<JsonDocument> ReadAsync(StreamReader events)
    {
        const string Data = "data: ";
        while (true)
        {
            string line = await events.ReadLineAsync() ?? throw new EndOfStreamException("The stream ended.");
            if (line.StartsWith(Data, StringComparison.Ordinal))
                return JsonDocument.Parse(line[Data.Length..]);
        }
    }
}

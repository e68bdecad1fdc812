using System.Net;
using System.Net.Sockets;
using Callbacks.Journal.Pending;
using Callbacks.Lookup;
using Callbacks.Tests.Support;
using Microsoft.AspNetCore.Http;

namespace Callbacks.Tests.Lookup;

public sealed class UpstreamTests
{
    // The upstream's clock shows midnight of 1 January 2026, a Thursday; ours is late.
    [Theory]
    [InlineData("3", 3.0)]
    [InlineData("0", null)]
    [InlineData("-5", null)]
    [InlineData("1.5", null)]
    [InlineData("soon", null)]
    [InlineData("", null)]
    [InlineData("2147483647", 2_147_483_647.0)]
    [InlineData("99999999999999999999", null)]
    [InlineData("Thu, 01 Jan 2026 00:00:07 GMT", 7.0)]
    [InlineData("Wed, 31 Dec 2025 23:59:59 GMT", null)]
    [InlineData("Thu, 01 Jan 1970 00:00:00 GMT", null)]
    [InlineData("Fri, 31 Dec 9999 23:59:59 GMT", 251_635_075_199.0)]
    public async Task Retry_After_is_read_in_seconds_or_as_a_date_and_otherwise_not_there(string header, double? seconds)
    {
        await using FakeUpstream server = await FakeUpstream.StartAsync();
        server.Handler = (context, id) =>
        {
            context.Response.StatusCode = id == 1 ? 429 : 503;
            context.Response.Headers.RetryAfter = header;
            context.Response.Headers.Date = "Thu, 01 Jan 2026 00:00:00 GMT";
            return Task.CompletedTask;
        };
        using var upstream = new Upstream(new LookupOptions { BaseUrl = server.Address }, new FakeTimeProvider(new DateTimeOffset(2025, 12, 31, 23, 0, 0, TimeSpan.Zero)));
        foreach (long id in new long[] { 1, 2 })
        {
            LookupResult result = await upstream.GetAsync(id, CancellationToken.None);
            Assert.Equal(LookupFailure.Throttled, result.Failure);
            Assert.Equal(seconds, result.RetryAfter?.TotalSeconds);
        }
    }

    [Fact]
    public async Task An_answer_that_shows_no_clock_has_its_date_read_by_ours()
    {
        using var listener = new TcpListener(IPAddress.Loopback, 0);
        listener.Start();
        Task serving = ServeAsync();
        using var upstream = new Upstream(new LookupOptions { BaseUrl = new Uri($"http://{listener.LocalEndpoint}/") }, new FakeTimeProvider());
        LookupResult result = await upstream.GetAsync(1, CancellationToken.None);
        Assert.Equal(TimeSpan.FromSeconds(7), result.RetryAfter);
        await serving;

        async Task ServeAsync()
        {
            using Socket socket = await listener.AcceptSocketAsync();
            await socket.ReceiveAsync(new byte[1024]);
            await socket.SendAsync("HTTP/1.1 503 Busy\r\nRetry-After: Thu, 01 Jan 2026 00:00:07 GMT\r\nContent-Length: 0\r\n\r\n"u8.ToArray());
        }
    }

    [Fact]
    public async Task Connections_are_counted_as_they_are_opened_and_not_as_they_are_used()
    {
        await using FakeUpstream server = await FakeUpstream.StartAsync();
        server.Handler = (context, id) =>
        {
            if (id == 3)
                context.Response.Headers.Connection = "close";
            return FakeUpstream.AnswerAsync(context, id);
        };
        using var upstream = new Upstream(new LookupOptions { BaseUrl = server.Address }, TimeProvider.System);
        Assert.Equal(0, upstream.ConnectionsOpened);
        foreach (long id in new long[] { 1, 2, 3 })
            await upstream.GetAsync(id, CancellationToken.None);
        Assert.Equal(1, upstream.ConnectionsOpened);
        await upstream.GetAsync(4, CancellationToken.None);
        Assert.Equal(2, upstream.ConnectionsOpened);
    }

    [Theory]
    [InlineData("")]
    [InlineData("api")]
    [InlineData("api/")]
    public async Task The_path_of_the_base_URL_is_kept(string path)
    {
        await using FakeUpstream server = await FakeUpstream.StartAsync();
        using var upstream = new Upstream(new LookupOptions { BaseUrl = new Uri(server.Address, path) }, TimeProvider.System);
        LookupResult result = await upstream.GetAsync(2, CancellationToken.None);
        Assert.Equal(path.Length == 0, result.IsAnswer);
        Assert.Equal(path.Length == 0 ? 0 : 1, server.Strays);
    }

    [Fact]
    public async Task A_cancelled_token_is_said_to_be_one_wherever_the_lookup_stands()
    {
        await using FakeUpstream server = await FakeUpstream.StartAsync();
        var arrived = new TaskCompletionSource();
        server.Handler = async (context, id) =>
        {
            if (id == 2)
            {
                await context.Response.WriteAsync("{");
                await context.Response.Body.FlushAsync();
            }

            arrived.TrySetResult();
            await Task.Delay(Timeout.Infinite, context.RequestAborted);
        };
        using var upstream = new Upstream(new LookupOptions { BaseUrl = server.Address }, TimeProvider.System);
        foreach (long id in new long[] { 1, 2 })
        {
            arrived = new TaskCompletionSource();
            using var source = new CancellationTokenSource();
            Task<LookupResult> lookup = upstream.GetAsync(id, source.Token).AsTask();
            await arrived.Task.WaitAsync(Wait.Deadline);
            await source.CancelAsync();
            await Assert.ThrowsAnyAsync<OperationCanceledException>(() => lookup);
        }

        using var before = new CancellationTokenSource(TimeSpan.Zero);
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => upstream.GetAsync(3, before.Token).AsTask());
    }
}

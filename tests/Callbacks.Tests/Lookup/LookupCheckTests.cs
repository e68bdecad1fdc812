using Callbacks.Configuration;
using Callbacks.Lookup;
using Microsoft.AspNetCore.Http;

namespace Callbacks.Tests.Lookup;

public sealed class LookupCheckTests
{
    [Theory]
    [InlineData(200, """{"id":1,"online":false}""", true, "answers")]
    [InlineData(404, "", true, "answers")]
    [InlineData(200, """{"id":2,"online":true}""", false, "something else")]
    [InlineData(200, "<html>", false, "something else")]
    [InlineData(503, "", false, "429 or 503")]
    [InlineData(500, "", false, "neither 200 nor 404")]
    public async Task Any_well_formed_answer_will_do(int status, string body, bool isOk, string said)
    {
        await using FakeUpstream server = await FakeUpstream.StartAsync();
        server.Handler = (context, _) =>
        {
            context.Response.StatusCode = status;
            return context.Response.WriteAsync(body);
        };
        CheckResult result = await CheckAsync(server.Address, TimeSpan.FromSeconds(10));
        Assert.Equal(isOk, result.IsOk);
        Assert.Contains(said, result.Text, StringComparison.Ordinal);
        Assert.Equal(1, server.Requests(1));
    }

    [Fact]
    public async Task Nobody_there_is_said()
    {
        CheckResult result = await CheckAsync(new Uri("http://user:secret@127.0.0.1:1/"), TimeSpan.FromSeconds(10));
        Assert.False(result.IsOk);
        Assert.StartsWith("http://***@127.0.0.1:1/ can't be reached.", result.Text, StringComparison.Ordinal);
    }

    [Fact]
    public async Task An_upstream_that_does_not_answer_is_given_up()
    {
        await using FakeUpstream server = await FakeUpstream.StartAsync();
        var never = new TaskCompletionSource();
        server.Handler = (_, _) => never.Task;
        CheckResult result = await CheckAsync(server.Address, TimeSpan.FromMilliseconds(200));
        never.SetResult();
        Assert.False(result.IsOk);
        Assert.Contains("did not answer within 00:00:00.2", result.Text, StringComparison.Ordinal);
    }

    static async Task<CheckResult> CheckAsync(Uri url, TimeSpan timeout)
    {
        var options = new LookupOptions { BaseUrl = url, AttemptTimeout = timeout };
        using var upstream = new Upstream(options, TimeProvider.System);
        return (await new LookupCheck(options, upstream, TimeProvider.System).RunAsync(CancellationToken.None))!;
    }
}

using System.Globalization;
using System.Text;
using Callbacks.Fixtures;

namespace Callbacks.Tests.Intake;

/// <summary>HTTP as nobody should send it, and as some do. Whatever comes: at most a 4xx, and a callback whole or not at all.</summary>
public sealed class FramingTests : IAsyncLifetime
{
    const string Body = """{"object_ids":[1,2,3]}""";
    const string Chunked = "POST /callback HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n";

    readonly FakeLog _log = new();
    IntakeHost _host = null!;

    public async ValueTask InitializeAsync() => _host = await IntakeHost.StartAsync(_log);

    public ValueTask DisposeAsync() => _host.DisposeAsync();

    [Fact]
    public async Task Chunks_make_one_body()
    {
        using RawClient client = await _host.ConnectAsync();

        await client.SendAsync(Chunked + string.Concat(Body.Select(c => $"1\r\n{c}\r\n")) + "0\r\n\r\n");

        Assert.Equal(202, (await client.ReadAnswerAsync())?.Status);
        Assert.Equal([1, 2, 3], Assert.Single(_log.Appended));
    }

    [Theory]
    [InlineData("16\n{\"object_ids\":[1,2,3]}\r\n0\r\n\r\n")]
    [InlineData("16;a\n=b\r\n{\"object_ids\":[1,2,3]}\r\n0\r\n\r\n")]
    [InlineData("16\r\n{\"object_ids\":[1,2,3]}\n0\r\n\r\n")]
    [InlineData("zz\r\n{\"object_ids\":[1,2,3]}\r\n0\r\n\r\n")]
    [InlineData("-1\r\n{\"object_ids\":[1,2,3]}\r\n0\r\n\r\n")]
    [InlineData("ffffffffffffffff\r\n{\"object_ids\":[1,2,3]}\r\n0\r\n\r\n")]
    [InlineData("15\r\n{\"object_ids\":[1,2,3]}\r\n0\r\n\r\n")]
    public async Task Badly_framed_chunks_are_refused_and_the_connection_closed(string chunks)
    {
        using RawClient client = await _host.ConnectAsync();

        await client.SendAsync(Chunked + chunks + RawClient.Post(Body));

        Answer? answer = await client.ReadAnswerAsync();
        Assert.Equal(400, answer?.Status);
        Assert.True(answer!.Closes);
        Assert.True(await client.IsClosedAsync());
        Assert.Empty(_log.Appended);
    }

    [Theory]
    [InlineData("Transfer-Encoding: chunked\r\nContent-Length: 4\r\n")]
    [InlineData("Content-Length: 4\r\nTransfer-Encoding: chunked\r\n")]
    public async Task A_length_beside_chunks_is_refused_and_nothing_after_it_is_believed(string headers)
    {
        using RawClient client = await _host.ConnectAsync();

        await client.SendAsync($"POST /callback HTTP/1.1\r\nHost: a\r\n{headers}\r\n16\r\n{Body}\r\n0\r\n\r\n{RawClient.Post(Body)}");

        Answer? answer = await client.ReadAnswerAsync();
        Assert.Equal(400, answer?.Status);
        Assert.True(answer!.Closes);
        Assert.True(await client.IsClosedAsync());
        Assert.Empty(_log.Appended);
    }

    /// <summary>Kestrel moves the length out of the way of the chunks, to a name that is taken here; then it gives up the connection.</summary>
    [Fact]
    public async Task A_length_beside_chunks_and_the_name_it_would_be_moved_to_closes_the_connection()
    {
        using RawClient client = await _host.ConnectAsync();

        await client.SendAsync(
            $"POST /callback HTTP/1.1\r\nHost: a\r\nX-Content-Length: 4\r\nContent-Length: 4\r\nTransfer-Encoding: chunked\r\n\r\n16\r\n{Body}\r\n0\r\n\r\n{RawClient.Post(Body)}");

        Answer? answer = await client.ReadAnswerAsync();
        Assert.True(answer is null or { Status: 400 }, $"{answer}");
        Assert.True(await client.IsClosedAsync());
        Assert.Empty(_log.Appended);
    }

    [Theory]
    [InlineData("Content-Length: 22\r\nContent-Length: 22\r\n")]
    [InlineData("Content-Length: 22\r\nContent-Length: 21\r\n")]
    [InlineData("Content-Length: -22\r\n")]
    [InlineData("Content-Length: 2 2\r\n")]
    [InlineData("Content-Length: 0x16\r\n")]
    [InlineData("Content-Length: 99999999999999999999\r\n")]
    [InlineData("Transfer-Encoding: chunked, identity\r\n")]
    [InlineData("Transfer-Encoding: gzip\r\n")]
    [InlineData("Content-Length : 22\r\n")]
    public async Task Lengths_that_cannot_be_read_are_refused_and_the_connection_closed(string headers)
    {
        using RawClient client = await _host.ConnectAsync();

        await client.SendAsync($"POST /callback HTTP/1.1\r\nHost: a\r\n{headers}\r\n{Body}");

        Answer? answer = await client.ReadAnswerAsync();
        Assert.InRange(answer?.Status ?? 0, 400, 499);
        Assert.True(await client.IsClosedAsync());
        Assert.Empty(_log.Appended);
    }

    [Fact]
    public async Task A_length_shorter_than_the_body_is_no_callback_and_the_rest_is_no_request()
    {
        using RawClient client = await _host.ConnectAsync();

        await client.SendAsync($"POST /callback HTTP/1.1\r\nHost: a\r\nContent-Length: 10\r\n\r\n{Body}\r\n\r\n");

        Assert.Equal(400, (await client.ReadAnswerAsync())?.Status);
        Assert.Equal(400, (await client.ReadAnswerAsync())?.Status);
        Assert.True(await client.IsClosedAsync());
        Assert.Empty(_log.Appended);
    }

    [Fact]
    public async Task A_length_longer_than_the_body_swallows_the_next_request_and_is_one_refusal()
    {
        using RawClient client = await _host.ConnectAsync();
        string next = RawClient.Post(Body);

        await client.SendAsync($"POST /callback HTTP/1.1\r\nHost: a\r\nContent-Length: {Body.Length + next.Length}\r\n\r\n{Body}{next}{RawClient.Post("[]")}");

        Answer? swallowing = await client.ReadAnswerAsync();
        Assert.Equal(400, swallowing?.Status);
        Assert.Contains("not-json", swallowing!.Body, StringComparison.Ordinal);
        // The one behind it is the next that is answered.
        Assert.Contains("not-an-object", (await client.ReadAnswerAsync())?.Body, StringComparison.Ordinal);
        Assert.Empty(_log.Appended);
    }

    [Fact]
    public async Task Who_is_answered_before_a_request_that_stops_half_way_does_not_wait_for_its_end()
    {
        using RawClient client = await _host.ConnectAsync();

        await client.SendAsync($"{RawClient.Post(Body)}{RawClient.Post(Body)}POST /callback HTTP/1.1\r\nHost: a\r\nContent-Length: 1000\r\n\r\n{Body}");

        // Sooner than a request that stops is given up, after five seconds.
        Assert.Equal(202, (await client.ReadAnswerAsync().WaitAsync(TimeSpan.FromSeconds(4)))?.Status);
        Assert.Equal(202, (await client.ReadAnswerAsync().WaitAsync(TimeSpan.FromSeconds(4)))?.Status);
        Assert.Equal(2, _log.Appended.Count);
    }

    /// <summary>The client ends its side in the middle of the body; what it has sent so far even is a whole callback.</summary>
    [Theory]
    [InlineData("Content-Length: 23\r\n\r\n" + Body)]
    [InlineData("Content-Length: 1000\r\n\r\n" + Body)]
    [InlineData("Content-Length: 1000\r\n\r\n")]
    [InlineData("Transfer-Encoding: chunked\r\n\r\n16\r\n" + Body + "\r\n")]
    public async Task A_body_cut_off_is_no_callback(string rest)
    {
        using RawClient client = await _host.ConnectAsync();

        await client.SendAsync("POST /callback HTTP/1.1\r\nHost: a\r\n" + rest);
        client.FinishSending();

        // Kestrel takes a client that ends its side for one that is gone, and may close without a word.
        Answer? answer = await client.ReadAnswerAsync();
        Assert.True(answer is null or { Status: 400 }, $"{answer}");
        Assert.True(await client.IsClosedAsync());
        Assert.Empty(_log.Appended);
    }

    [Fact]
    public async Task A_reset_in_the_middle_of_a_body_is_no_callback_and_frees_its_place()
    {
        for (int i = 0; i < 50; i++)
        {
            using RawClient client = await _host.ConnectAsync();
            await client.SendAsync($"POST /callback HTTP/1.1\r\nHost: a\r\nContent-Length: 23\r\n\r\n{Body}");
            client.Reset();
        }

        using RawClient next = await _host.ConnectAsync();
        Assert.Equal(202, (await next.PostAsync(Body)).Status);
        Assert.Single(_log.Appended);
    }

    [Theory]
    [InlineData("", true)]
    [InlineData("Connection: keep-alive\r\n", false)]
    public async Task Http_1_0_is_answered(string headers, bool closes)
    {
        using RawClient client = await _host.ConnectAsync();

        await client.SendAsync($"POST /callback HTTP/1.0\r\n{headers}Content-Length: {Body.Length}\r\n\r\n{Body}");

        Assert.Equal(202, (await client.ReadAnswerAsync())?.Status);
        if (closes)
            Assert.True(await client.IsClosedAsync());
        else
            Assert.Equal(202, (await client.PostAsync(Body)).Status);
    }

    [Fact]
    public async Task Http_1_1_without_a_host_is_refused()
    {
        using RawClient client = await _host.ConnectAsync();

        await client.SendAsync($"POST /callback HTTP/1.1\r\nContent-Length: {Body.Length}\r\n\r\n{Body}");

        Assert.Equal(400, (await client.ReadAnswerAsync())?.Status);
        Assert.Empty(_log.Appended);
    }

    [Fact]
    public async Task Pipelined_requests_get_as_many_answers_in_their_order()
    {
        using RawClient client = await _host.ConnectAsync();
        // Appends that complete later and later apart don't change the order of the answers.
        _log.Delay = async () => await Task.Yield();
        StringBuilder requests = new();
        for (int i = 0; i < 200; i++)
            requests.Append(RawClient.Post(i % 10 == 9 ? "no" : $$"""{"object_ids":[{{string.Join(',', Enumerable.Range(0, i))}}]}"""));

        Task sending = client.SendAsync(requests.ToString());
        for (int i = 0; i < 200; i++)
        {
            Answer? answer = await client.ReadAnswerAsync();
            Assert.Equal(i % 10 == 9 ? 400 : 202, answer?.Status);
            if (answer?.Status == 202)
                Assert.EndsWith($"\"objects\":{i.ToString(CultureInfo.InvariantCulture)}}}", answer.Body, StringComparison.Ordinal);
        }

        await sending;
        Assert.Equal(180, _log.Appended.Count);
    }

    [Fact]
    public async Task A_body_that_comes_byte_by_byte_is_one_callback()
    {
        using RawClient client = await _host.ConnectAsync();

        foreach (char c in RawClient.Post(Body))
            await client.SendAsync(c.ToString());

        Assert.Equal(202, (await client.ReadAnswerAsync())?.Status);
        Assert.Equal([1, 2, 3], Assert.Single(_log.Appended));
    }

    [Fact]
    public async Task Who_expects_100_is_told_to_continue()
    {
        using RawClient client = await _host.ConnectAsync();

        await client.SendAsync($"POST /callback HTTP/1.1\r\nHost: a\r\nExpect: 100-continue\r\nContent-Length: {Body.Length}\r\n\r\n");
        Assert.Equal(100, (await client.ReadAnswerAsync())?.Status);
        await client.SendAsync(Body);

        Assert.Equal(202, (await client.ReadAnswerAsync())?.Status);
    }

    [Fact]
    public async Task Who_expects_100_for_too_large_a_body_is_told_not_to()
    {
        using RawClient client = await _host.ConnectAsync();

        await client.SendAsync("POST /callback HTTP/1.1\r\nHost: a\r\nExpect: 100-continue\r\nContent-Length: 10000000\r\n\r\n");

        Assert.Equal(413, (await client.ReadAnswerAsync())?.Status);
    }

    [Fact]
    public async Task Http_2_is_sent_away()
    {
        using RawClient client = await _host.ConnectAsync();

        await client.SendAsync("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n");

        // In its own language: a frame that says GOAWAY, HTTP_1_1_REQUIRED.
        byte[] frames = await client.ReadToEndAsync();
        Assert.Equal(13, frames[^1]);
        Assert.Empty(_log.Appended);
    }

    [Theory]
    [InlineData("\x16\x03\x01\x02")]
    [InlineData("POST /callback\r\n\r\n")]
    [InlineData("POST /callback HTTP/9.9\r\nHost: a\r\n\r\n")]
    [InlineData("POST /callback HTTP/1.1\r\nHost: a\r\nA\0: b\r\n\r\n")]
    [InlineData("POST /callback HTTP/1.1\r\nHost: a\r\n folded: b\r\n\r\n")]
    public async Task What_is_not_http_1_is_refused_and_the_connection_closed(string text)
    {
        using RawClient client = await _host.ConnectAsync();

        await client.SendAsync(Encoding.Latin1.GetBytes(text));
        client.FinishSending();

        Answer? answer = await client.ReadAnswerAsync();
        // 505 is HTTP's own word for a version that isn't spoken here, and has no effect either.
        Assert.True(answer is null or { Status: >= 400 and < 500 } or { Status: 505 }, $"{answer}");
        Assert.True(await client.IsClosedAsync());
        Assert.Empty(_log.Appended);
    }
}

using System.Globalization;
using System.IO.Compression;
using System.Net;
using System.Text;
using System.Text.Json;
using Callbacks.Fixtures;

namespace Callbacks.Tests.Intake;

public sealed class CallbackEndpointTests : IAsyncLifetime
{
    readonly FakeLog _log = new();
    IntakeHost _host = null!;

    public async ValueTask InitializeAsync() => _host = await IntakeHost.StartAsync(_log, ["--Intake:BodyBytesMax=200000"]);

    public ValueTask DisposeAsync() => _host.DisposeAsync();

    [Fact]
    public async Task A_callback_is_appended_and_answered_with_its_id_time_and_objects()
    {
        using RawClient client = await _host.ConnectAsync();

        Answer answer = await client.PostAsync("""{"object_ids":[1,-2,1,0]}""", "Content-Type: nonsense\r\n");

        Assert.Equal(202, answer.Status);
        Assert.Contains("\r\nContent-Type: application/json\r\n", answer.Head, StringComparison.Ordinal);
        Assert.DoesNotContain("Server:", answer.Head, StringComparison.Ordinal);
        using JsonDocument body = JsonDocument.Parse(answer.Body);
        Assert.Equal("00f39c21-1", body.RootElement.GetProperty("id").GetString());
        Assert.Equal(3, body.RootElement.GetProperty("objects").GetInt32());
        Assert.InRange(body.RootElement.GetProperty("received_at").GetDateTimeOffset().Year, 2020, 2100);
        Assert.Equal([1, -2, 0], Assert.Single(_log.Appended));
    }

    [Theory]
    [InlineData(0)]
    [InlineData(1)]
    [InlineData(200)]
    [InlineData(10_000)]
    public async Task Lists_up_to_the_limit_are_accepted(int count)
    {
        using RawClient client = await _host.ConnectAsync();

        Answer answer = await client.PostAsync(Body(count));

        Assert.Equal(202, answer.Status);
        Assert.EndsWith($"\"objects\":{count.ToString(CultureInfo.InvariantCulture)}}}", answer.Body, StringComparison.Ordinal);
        Assert.Equal(Enumerable.Range(0, count).Select(i => (long)i), Assert.Single(_log.Appended));
    }

    [Theory]
    [InlineData("""{"object_ids":[1,2""", 400, "not-json")]
    [InlineData("", 400, "not-json")]
    [InlineData("not json", 400, "not-json")]
    [InlineData("[1]", 400, "not-an-object")]
    [InlineData("{}", 400, "no-object-ids")]
    [InlineData("""{"object_ids":[1],"object_ids":[2]}""", 400, "object-ids-twice")]
    [InlineData("""{"object_ids":7}""", 400, "not-a-list")]
    [InlineData("""{"object_ids":[1,null]}""", 400, "not-an-id")]
    [InlineData("""{"object_ids":[9223372036854775808]}""", 400, "not-an-id")]
    public async Task An_unusable_body_is_refused_without_effect_and_the_connection_goes_on(string body, int status, string type)
    {
        using RawClient client = await _host.ConnectAsync();

        Answer answer = await client.PostAsync(body);

        Assert.Equal(status, answer.Status);
        AssertProblem(answer, type);
        Assert.Empty(_log.Appended);
        Assert.Equal(202, (await client.PostAsync(Body(3))).Status);
    }

    [Fact]
    public async Task One_id_too_many_is_refused_with_422()
    {
        using RawClient client = await _host.ConnectAsync();

        Answer answer = await client.PostAsync(Body(10_001));

        Assert.Equal(422, answer.Status);
        AssertProblem(answer, "too-many-ids");
        Assert.Empty(_log.Appended);
    }

    [Theory]
    [InlineData("gzip", 415)]
    [InlineData("identity, gzip", 415)]
    [InlineData("identity\r\nContent-Encoding: gzip", 415)]
    [InlineData("identity", 202)]
    [InlineData("Identity", 202)]
    public async Task Only_a_body_as_it_is_can_be_read(string encoding, int status)
    {
        using RawClient client = await _host.ConnectAsync();

        Answer answer = await client.PostAsync(Body(3), $"Content-Encoding: {encoding}\r\n");

        Assert.Equal(status, answer.Status);
        Assert.Equal(status == 202 ? 1 : 0, _log.Appended.Count);
    }

    [Theory]
    [InlineData("/callback", "")]
    [InlineData("/callback", "Content-Type: text/plain\r\n")]
    [InlineData("/callback/", "")]
    [InlineData("/Callback", "Content-Type: application/x-www-form-urlencoded\r\n")]
    public async Task The_content_type_is_not_looked_at_by_whichever_way_it_comes(string path, string header)
    {
        using RawClient client = await _host.ConnectAsync();
        await client.SendAsync(RawClient.Post(Body(3), header).Replace("POST /callback ", $"POST {path} ", StringComparison.Ordinal));
        Assert.Equal(202, (await client.ReadAnswerAsync())?.Status);
    }

    [Fact]
    public async Task Compressed_bytes_that_do_not_say_so_are_not_json()
    {
        using RawClient client = await _host.ConnectAsync();
        using MemoryStream body = new();
        await using (GZipStream zip = new(body, CompressionLevel.Fastest, leaveOpen: true))
            await zip.WriteAsync(Encoding.UTF8.GetBytes(Body(3)));

        await client.SendAsync($"POST /callback HTTP/1.1\r\nHost: a\r\nContent-Length: {body.Length}\r\n\r\n");
        await client.SendAsync(body.ToArray());

        Answer? answer = await client.ReadAnswerAsync();
        Assert.Equal(400, answer?.Status);
        AssertProblem(answer!, "not-json");
        Assert.Empty(_log.Appended);
        Assert.Equal(202, (await client.PostAsync(Body(3))).Status);
    }

    [Theory]
    [InlineData("")]
    [InlineData("Content-Type: application/json\r\n")]
    [InlineData("Content-Type: text/plain; charset=utf-16\r\n")]
    [InlineData("Content-Type:\r\n")]
    public async Task The_content_type_is_not_looked_at_nor_missed(string header)
    {
        using RawClient client = await _host.ConnectAsync();

        Assert.Equal(202, (await client.PostAsync(Body(3), header)).Status);
        Assert.Equal([0, 1, 2], Assert.Single(_log.Appended));
    }

    [Theory]
    [InlineData("\uFEFF", 202)]
    [InlineData("\uFEFF\uFEFF", 400)]
    public async Task One_byte_order_mark_is_skipped(string before, int status)
    {
        using RawClient client = await _host.ConnectAsync();

        Assert.Equal(status, (await client.PostAsync(before + Body(3))).Status);
        Assert.Equal(status == 202 ? 1 : 0, _log.Appended.Count);
    }

    [Fact]
    public async Task A_body_said_to_be_too_large_is_refused_before_it_is_sent()
    {
        using RawClient client = await _host.ConnectAsync();

        await client.SendAsync("POST /callback HTTP/1.1\r\nHost: a\r\nContent-Length: 200001\r\n\r\n");
        Answer? answer = await client.ReadAnswerAsync();

        Assert.Equal(413, answer?.Status);
        AssertProblem(answer!, "body-too-large");
        Assert.True(answer!.Closes);
        Assert.True(await client.IsClosedAsync());
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task Who_is_still_sending_too_large_a_body_sees_the_answer(bool isChunked)
    {
        using var client = new HttpClient();
        for (int i = 0; i < 10; i++)
        {
            using var request = new HttpRequestMessage(HttpMethod.Post, new Uri($"http://{_host.EndPoint}/callback")) { Content = new ByteArrayContent(new byte[4 << 20]) };
            request.Headers.TransferEncodingChunked = isChunked;
            using HttpResponseMessage response = await client.SendAsync(request);

            Assert.Equal(HttpStatusCode.RequestEntityTooLarge, response.StatusCode);
        }

        Assert.Empty(_log.Appended);
    }

    [Fact]
    public async Task Chunks_are_refused_as_soon_as_they_pass_the_limit()
    {
        using RawClient client = await _host.ConnectAsync();

        await client.SendAsync("POST /callback HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n");
        string chunk = "10000\r\n" + new string(' ', 0x10000) + "\r\n";
        for (int i = 0; i < 4; i++)
            await client.SendAsync(chunk);

        // No last chunk is ever sent.
        Answer? answer = await client.ReadAnswerAsync();
        Assert.Equal(413, answer?.Status);
        AssertProblem(answer!, "body-too-large");
        Assert.Empty(_log.Appended);
    }

    [Fact]
    public async Task A_body_of_exactly_the_limit_is_accepted()
    {
        using RawClient client = await _host.ConnectAsync();

        Assert.Equal(202, (await client.PostAsync("""{"object_ids":[1]}""".PadRight(200_000))).Status);
    }

    [Fact]
    public async Task What_is_not_durable_is_answered_with_503_and_when_to_come_again()
    {
        using RawClient client = await _host.ConnectAsync();
        _log.IsDurable = false;

        Answer answer = await client.PostAsync(Body(3));

        Assert.Equal(503, answer.Status);
        Assert.Contains("\r\nRetry-After: 1\r\n", answer.Head, StringComparison.Ordinal);
        AssertProblem(answer, "not-durable");
        _log.IsDurable = true;
        Assert.Equal(202, (await client.PostAsync(Body(3))).Status);
    }

    [Fact]
    public async Task A_log_that_fails_is_answered_with_503_and_the_endpoint_goes_on()
    {
        using RawClient client = await _host.ConnectAsync();
        _log.Throws = new IOException("at once");
        Assert.Equal(503, (await client.PostAsync(Body(3))).Status);

        _log.Throws = null;
        _log.Delay = () => Task.FromException(new IOException("later"));
        Assert.Equal(503, (await client.PostAsync(Body(3))).Status);

        _log.Delay = null;
        Assert.Equal(202, (await client.PostAsync(Body(3))).Status);
    }

    [Fact]
    public async Task Nothing_is_answered_before_the_log_is_durable()
    {
        using RawClient client = await _host.ConnectAsync();
        TaskCompletionSource durable = new();
        TaskCompletionSource appended = new();
        _log.Delay = () =>
        {
            appended.SetResult();
            return durable.Task;
        };

        await client.SendAsync(RawClient.Post(Body(3)));
        await appended.Task.WaitAsync(TimeSpan.FromSeconds(10));
        Task<Answer?> answer = client.ReadAnswerAsync();
        await Task.WhenAny(answer, Task.Delay(100));
        Assert.False(answer.IsCompleted);

        durable.SetResult();
        Assert.Equal(202, (await answer)?.Status);
    }

    [Theory]
    [InlineData("GET /callback", 405)]
    [InlineData("PUT /callback", 405)]
    [InlineData("DELETE /callback", 405)]
    [InlineData("POST /callbacks", 404)]
    [InlineData("POST /callback?x=1", 202)]
    public async Task Only_a_post_to_its_path_is_a_callback(string start, int status)
    {
        using RawClient client = await _host.ConnectAsync();

        await client.SendAsync($"{start} HTTP/1.1\r\nHost: a\r\nContent-Length: 17\r\n\r\n" + """{"object_ids":[]}""");

        Assert.Equal(status, (await client.ReadAnswerAsync())?.Status);
        Assert.Equal(status == 202 ? 1 : 0, _log.Appended.Count);
    }

    static void AssertProblem(Answer answer, string type)
    {
        Assert.Contains("\r\nContent-Type: application/problem+json\r\n", answer.Head, StringComparison.Ordinal);
        using JsonDocument problem = JsonDocument.Parse(answer.Body);
        Assert.Equal("urn:callback:problem:" + type, problem.RootElement.GetProperty("type").GetString());
        Assert.Equal(answer.Status, problem.RootElement.GetProperty("status").GetInt32());
        Assert.NotEmpty(problem.RootElement.GetProperty("detail").GetString()!);
    }

    static string Body(int count) => $$"""{"object_ids":[{{string.Join(',', Enumerable.Range(0, count))}}]}""";
}

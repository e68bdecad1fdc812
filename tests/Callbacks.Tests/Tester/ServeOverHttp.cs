using System.Net;
using System.Net.Http.Json;
using System.Net.Sockets;
using Callbacks.Tester.Records;
using Callbacks.Tester.Serve;

namespace Callbacks.Tests.Tester;

public sealed class ServeOverHttp : IAsyncLifetime
{
    static readonly Behaviour Quick = new() { LatencyMinMs = 0, LatencyMaxMs = 1 };

    readonly string _path = Path.Combine(Path.GetTempPath(), $"lookups-{Guid.NewGuid():N}");
    readonly HttpClient _client = new(new SocketsHttpHandler { AllowAutoRedirect = false }) { Timeout = TimeSpan.FromSeconds(60) };
    RecordWriter<LookupRecord> _log = null!;
    UpstreamServer _server = null!;

    public async ValueTask InitializeAsync()
    {
        _log = LookupLog.Open(_path, TimeProvider.System);
        var upstream = new Upstream(Quick, new Dice(1), _log, TimeProvider.System);
        _server = new UpstreamServer(upstream, new Uri("http://127.0.0.1:0/"), new Uri("http://127.0.0.1:0/"));
        await _server.StartAsync();
    }

    public async ValueTask DisposeAsync()
    {
        await StopAsync();
        _client.Dispose();
        File.Delete(_path);
    }

    [Fact]
    public async Task A_lookup_is_answered_and_logged_with_its_time()
    {
        long before = Moment.Now(TimeProvider.System);
        Assert.Equal("""{"id":4,"online":true}""", await LookupAsync(4));
        Assert.Equal("""{"id":-9223372036854775807,"online":false}""", await LookupAsync(-long.MaxValue));
        long after = Moment.Now(TimeProvider.System);

        LookupRecord[] logged = await LoggedAsync();
        Assert.Equal([LookupOutcome.Online, LookupOutcome.Offline], logged.Select(lookup => lookup.Outcome));
        Assert.All(logged, lookup => Assert.True(before <= lookup.Start && lookup.Start <= lookup.End && lookup.End <= after));
    }

    [Fact]
    public async Task A_lookup_whose_client_went_away_is_logged_as_not_answered()
    {
        await ChangeAsync("""{"latency_min_ms":60000,"latency_max_ms":60000}""");
        using var giveUp = new CancellationTokenSource();
        Task<string> asking = _client.GetStringAsync(new Uri(_server.Address, "objects/4"), giveUp.Token);
        while ((await CountsAsync()).Running == 0)
            await Task.Yield();
        await giveUp.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => asking);
        await UntilAllEndedAsync();
        Assert.Equal(LookupOutcome.NotAnswered, Assert.Single(await LoggedAsync()).Outcome);
    }

    [Theory]
    [InlineData("""{"error_rate":1}""", HttpStatusCode.InternalServerError, "ErrorStatus")]
    [InlineData("""{"status":503,"status_rate":1,"retry_after":"soon"}""", HttpStatusCode.ServiceUnavailable, "ErrorStatus")]
    [InlineData("""{"too_many_rate":1,"retry_after":"3"}""", HttpStatusCode.TooManyRequests, "ErrorStatus")]
    [InlineData("""{"not_found_rate":1}""", HttpStatusCode.NotFound, "Unknown")]
    [InlineData("""{"wrong_id_rate":1}""", HttpStatusCode.OK, "WrongId")]
    [InlineData("""{"malformed_rate":1}""", HttpStatusCode.OK, "Malformed")]
    [InlineData("""{"redirect_rate":1}""", HttpStatusCode.Found, "ErrorStatus")]
    public async Task It_misbehaves_as_it_is_told_and_is_good_again(string change, HttpStatusCode status, string outcome)
    {
        await ChangeAsync(change);
        using (HttpResponseMessage answer = await _client.GetAsync(new Uri(_server.Address, "objects/4")))
        {
            Assert.Equal(status, answer.StatusCode);
            Assert.Equal(change.Contains("retry_after", StringComparison.Ordinal), answer.Headers.Contains("Retry-After"));
        }

        await ChangeAsync("{}");
        Assert.Equal("""{"id":4,"online":true}""", await LookupAsync(4));
        Assert.Equal(
            [Enum.Parse<LookupOutcome>(outcome), LookupOutcome.Online], (await LoggedAsync()).Select(lookup => lookup.Outcome));
    }

    [Fact]
    public async Task The_counts_say_how_lookups_ended()
    {
        await LookupAsync(4);
        await LookupAsync(5);
        await ChangeAsync("""{"wrong_id_rate":1}""");
        await LookupAsync(4);
        await UntilAllEndedAsync();
        Counts counts = await CountsAsync();
        Assert.Equal((3L, 3L, 0L), (counts.Begun, counts.Ended, counts.Running));
        Assert.Equal([("offline", 1), ("online", 1), ("wrong_id", 1)], counts.Outcomes.Select(pair => (pair.Key, pair.Value)).Order());
    }

    [Fact]
    public async Task A_reset_and_an_endless_body_and_a_trickle_are_what_they_say()
    {
        await ChangeAsync("""{"reset_rate":1}""");
        await Assert.ThrowsAsync<HttpRequestException>(() => LookupAsync(4));
        await ChangeAsync("""{"endless_rate":1}""");
        using (HttpResponseMessage answer = await _client.GetAsync(new Uri(_server.Address, "objects/4"), HttpCompletionOption.ResponseHeadersRead))
        {
            await using Stream body = await answer.Content.ReadAsStreamAsync();
            byte[] megabytes = new byte[4 << 20];
            await body.ReadExactlyAsync(megabytes);
        }

        await ChangeAsync("""{"trickle_rate":1}""");
        Assert.Equal("""{"id":4,"online":true}""", await LookupAsync(4));
        await UntilAllEndedAsync();
        Assert.Equal([LookupOutcome.Reset, LookupOutcome.Endless, LookupOutcome.Online], (await LoggedAsync()).Select(lookup => lookup.Outcome));
    }

    [Fact]
    public async Task A_large_answer_is_10_MiB_and_a_cut_one_ends_before_its_length()
    {
        await ChangeAsync("""{"large_rate":1}""");
        string large = await LookupAsync(4);
        Assert.Equal(10 << 20, large.Length);
        Assert.Equal("""{"id":4,"online":true}""", large.TrimEnd());

        await ChangeAsync("""{"cut_rate":1}""");
        await Assert.ThrowsAnyAsync<HttpRequestException>(() => LookupAsync(4));
        await UntilAllEndedAsync();
        Assert.Equal([LookupOutcome.Large, LookupOutcome.Reset], (await LoggedAsync()).Select(lookup => lookup.Outcome));
    }

    [Fact]
    public async Task Away_closes_the_listener_cuts_what_is_running_and_comes_back_on_the_same_port()
    {
        await ChangeAsync("""{"hang_rate":1}""");
        Task<string> running = LookupAsync(4);
        while ((await CountsAsync()).Running == 0)
            await Task.Yield();

        await ChangeAsync("""{"away":true}""");
        await Assert.ThrowsAsync<HttpRequestException>(() => running);
        HttpRequestException refused = await Assert.ThrowsAsync<HttpRequestException>(() => LookupAsync(6));
        Assert.Equal(SocketError.ConnectionRefused, Assert.IsType<SocketException>(refused.InnerException).SocketErrorCode);

        await ChangeAsync("{}");
        Assert.Equal("""{"id":6,"online":true}""", await LookupAsync(6));
        await StopAsync();
        LookupOutcome[] outcomes = [.. LookupLog.Read(_path).Select(lookup => lookup.Outcome)];
        Assert.Equal([LookupOutcome.Listening, LookupOutcome.Away, LookupOutcome.Reset, LookupOutcome.Listening], outcomes[..4]);
        // An answer is recorded while it is on its way: the end may come in between.
        Assert.Equal([LookupOutcome.Away, LookupOutcome.Online], outcomes[4..].Order());
    }

    [Fact]
    public async Task An_unknown_field_or_rate_changes_nothing()
    {
        foreach (string change in (string[])["""{"unheard_of":1}""", """{"error_rate":2}""", "no JSON", "[]"])
        {
            using var content = new StringContent(change);
            using HttpResponseMessage answer = await _client.PutAsync(new Uri(_server.ControlAddress, "control"), content);
            Assert.Equal(HttpStatusCode.BadRequest, answer.StatusCode);
        }

        Assert.Equal(Quick.ToJson(), await _client.GetStringAsync(new Uri(_server.ControlAddress, "control")));
    }

    Task<string> LookupAsync(long id) => _client.GetStringAsync(new Uri(_server.Address, $"objects/{id}"));

    async Task ChangeAsync(string json)
    {
        using var content = new StringContent(json);
        using HttpResponseMessage answer = await _client.PutAsync(new Uri(_server.ControlAddress, "control"), content);
        Assert.Equal(HttpStatusCode.OK, answer.StatusCode);
    }

    Task<Counts> CountsAsync() => _client.GetFromJsonAsync<Counts>(new Uri(_server.ControlAddress, "control/counts"))!;

    async Task UntilAllEndedAsync()
    {
        using var deadline = new CancellationTokenSource(TimeSpan.FromSeconds(30));
        while ((await CountsAsync()).Running > 0)
            deadline.Token.ThrowIfCancellationRequested();
    }

    async Task<LookupRecord[]> LoggedAsync()
    {
        await StopAsync();
        return [.. LookupLog.Read(_path).Where(lookup => lookup.IsLookup)];
    }

    async Task StopAsync()
    {
        if (!_log.Completion.IsCompleted)
            await _server.DisposeAsync();
        await _log.DisposeAsync();
    }

    sealed record Counts(long Begun, long Ended, long Running, Dictionary<string, long> Outcomes);
}

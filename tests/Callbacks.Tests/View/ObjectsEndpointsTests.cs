using System.Net;
using System.Text.Json;
using Callbacks.Fixtures;
using Callbacks.Store;
using Callbacks.Tests.Store;
using Callbacks.Tests.Support;
using Callbacks.Time;
using Callbacks.View;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Abstractions;
using Npgsql;

namespace Callbacks.Tests.View;

public sealed class ObjectsEndpointsTests : IAsyncLifetime
{
    static readonly Instant Noon = Instant.From(new DateTimeOffset(2026, 1, 1, 12, 0, 0, TimeSpan.Zero));

    TestDatabase _database = null!;
    WebApplication _server = null!;
    HttpClient _client = null!;

    public async ValueTask InitializeAsync()
    {
        _database = new TestDatabase(await PostgreSql.CreateDatabaseAsync());
        await using (NpgsqlDataSource own = NpgsqlDataSource.Create(_database.ConnectionString))
            await new Migrator(TimeProvider.System, NullLogger<Migrator>.Instance).ApplyAsync(own, TimeSpan.FromSeconds(30), CancellationToken.None);
        (_server, _client) = await ServeAsync(_database.ConnectionString, new AskingAgain { InnerHandler = new SocketsHttpHandler() });
    }

    public async ValueTask DisposeAsync()
    {
        _client.Dispose();
        await _server.DisposeAsync();
        await _database.DisposeAsync();
    }

    [Fact]
    public async Task A_row_looks_as_the_contract_says()
    {
        await _database.InsertAsync(new ObjectState(2, Online: true, Noon), new ObjectState(-3, Online: false, Noon + TimeSpan.FromMicroseconds(1)));
        Assert.Equal("""{"id":2,"online":true,"last_seen":"2026-01-01T12:00:00.000000Z"}""", await _client.GetStringAsync("/objects/2"));
        Assert.Equal("""{"id":-3,"online":false,"last_seen":"2026-01-01T12:00:00.000001Z"}""", await _client.GetStringAsync("/objects/-3"));
        Assert.Equal(
            """{"objects":[{"id":-3,"online":false,"last_seen":"2026-01-01T12:00:00.000001Z"}],"next":-3}""", await _client.GetStringAsync("/objects?limit=1"));
        Assert.Equal(
            """{"objects":[{"id":2,"online":true,"last_seen":"2026-01-01T12:00:00.000000Z"}],"next":null}""",
            await _client.GetStringAsync("/objects?limit=1&after=-3"));
        using HttpResponseMessage response = await _client.GetAsync("/objects");
        Assert.Equal("application/json", response.Content.Headers.ContentType!.ToString());
    }

    [Fact]
    public async Task An_empty_table_is_an_empty_page() => Assert.Equal("""{"objects":[],"next":null}""", await _client.GetStringAsync("/objects"));

    [Theory]
    [InlineData("", 7)]
    [InlineData("online=true", 7)]
    [InlineData("online=false", 10)]
    [InlineData("", 1_000)]
    [InlineData("", 120)]
    [InlineData("", null)]
    public async Task Pages_in_a_row_give_every_row_once_ascending(string filter, int? limit)
    {
        long[] ids = [long.MinValue, .. Enumerable.Range(-60, 120).Select(id => (long)id * 3), long.MaxValue];
        await _database.InsertAsync([.. ids.Select(id => new ObjectState(id, Online: id % 2 == 0, Noon))]);
        long[] expected = [.. ids.Where(id => filter.Length == 0 || filter.EndsWith(id % 2 == 0 ? "true" : "false", StringComparison.Ordinal))];

        var seen = new List<long>();
        long? after = null;
        int pages = 0;
        do
        {
            string query = $"/objects?{filter}" + (limit is null ? "" : $"&limit={limit}") + (after is null ? "" : $"&after={after}");
            using var page = JsonDocument.Parse(await _client.GetStringAsync(query));
            seen.AddRange(page.RootElement.GetProperty("objects").EnumerateArray().Select(row => row.GetProperty("id").GetInt64()));
            JsonElement next = page.RootElement.GetProperty("next");
            after = next.ValueKind == JsonValueKind.Null ? null : next.GetInt64();
            pages++;
        }
        while (after is not null);

        Assert.Equal(expected, seen);
        int size = limit ?? 100;
        Assert.Equal((expected.Length + size - 1) / size, pages);
    }

    [Theory]
    [InlineData("limit=0")]
    [InlineData("limit=1001")]
    [InlineData("limit=-1")]
    [InlineData("limit=")]
    [InlineData("limit=1&limit=2")]
    [InlineData("after=x")]
    [InlineData("after=9223372036854775808")]
    [InlineData("online=1")]
    [InlineData("online=")]
    public async Task Nonsense_is_400(string query)
    {
        using HttpResponseMessage response = await _client.GetAsync($"/objects?{query}");
        await AssertProblemAsync(response, HttpStatusCode.BadRequest, "bad-query");
    }

    [Theory]
    [InlineData("1")]
    [InlineData("abc")]
    [InlineData("9223372036854775808")]
    public async Task An_id_that_is_not_there_is_404(string id)
    {
        using HttpResponseMessage response = await _client.GetAsync($"/objects/{id}");
        await AssertProblemAsync(response, HttpStatusCode.NotFound, "no-such-object");
    }

    [Fact]
    public async Task After_the_largest_id_comes_nothing() =>
        Assert.Equal("""{"objects":[],"next":null}""", await _client.GetStringAsync($"/objects?after={long.MaxValue}"));

    [Theory]
    [InlineData("/objects")]
    [InlineData("/objects/1")]
    public async Task With_PostgreSQL_away_the_answer_is_503_and_when_to_ask_again(string path)
    {
        var nowhere = new NpgsqlConnectionStringBuilder(_database.ConnectionString) { Port = 1 };
        (WebApplication server, HttpClient client) = await ServeAsync(nowhere.ConnectionString);
        await using (server)
        using (client)
        using (HttpResponseMessage response = await client.GetAsync(path))
        {
            await AssertProblemAsync(response, HttpStatusCode.ServiceUnavailable, "postgresql-away");
            Assert.Equal(TimeSpan.FromSeconds(1), response.Headers.RetryAfter!.Delta);
        }
    }

    [Fact]
    public async Task With_PostgreSQL_hanging_the_503_comes_after_about_a_second_and_the_next_answer_as_soon_as_it_is_back()
    {
        var target = new NpgsqlConnectionStringBuilder(_database.ConnectionString);
        await using var proxy = new CuttingProxy(target.Port);
        target.Host = "127.0.0.1";
        target.Port = proxy.Port;
        (WebApplication server, HttpClient client) = await ServeAsync(target.ConnectionString);
        await using (server)
        using (client)
        {
            await UntilInTimeAsync(client);
            Assert.Equal("""{"objects":[],"next":null}""", await client.GetStringAsync("/objects"));
            proxy.Hangs = true;
            long start = TimeProvider.System.GetTimestamp();
            // More than there are connections, so that some wait for one: in turn they would take 9 s.
            HttpResponseMessage[] responses = await Task.WhenAll(Enumerable.Range(0, 40).Select(_ => client.GetAsync("/objects")));
            Assert.InRange(TimeProvider.System.GetElapsedTime(start), TimeSpan.FromMilliseconds(800), TimeSpan.FromSeconds(7));
            foreach (HttpResponseMessage response in responses)
            {
                using (response)
                    await AssertProblemAsync(response, HttpStatusCode.ServiceUnavailable, "postgresql-away");
            }

            proxy.Hangs = false;
            await UntilInTimeAsync(client);
            Assert.Equal("""{"objects":[],"next":null}""", await client.GetStringAsync("/objects"));
        }
    }

    /// <summary>The first answer needs a connection, for which a busy machine may take longer than an answer may.</summary>
    static Task UntilInTimeAsync(HttpClient client) => Wait.UntilAsync(
        async () =>
        {
            using HttpResponseMessage response = await client.GetAsync("/objects");
            return response.StatusCode == HttpStatusCode.OK;
        },
        "it answers in time");

    static async Task AssertProblemAsync(HttpResponseMessage response, HttpStatusCode status, string type)
    {
        Assert.Equal(status, response.StatusCode);
        Assert.Equal("application/problem+json", response.Content.Headers.ContentType!.MediaType);
        using var problem = JsonDocument.Parse(await response.Content.ReadAsStringAsync());
        Assert.Equal((int)status, problem.RootElement.GetProperty("status").GetInt32());
        Assert.Equal($"urn:callback:problem:{type}", problem.RootElement.GetProperty("type").GetString());
        Assert.NotEmpty(problem.RootElement.GetProperty("detail").GetString()!);
    }

    static async Task<(WebApplication Server, HttpClient Client)> ServeAsync(string connectionString, HttpMessageHandler? handler = null)
    {
        WebApplicationBuilder builder = WebApplication.CreateSlimBuilder();
        builder.WebHost.UseUrls("http://127.0.0.1:0");
        builder.Logging.ClearProviders();
        builder.Services.AddSingleton(TimeProvider.System);
        builder.Services.Configure<StoreOptions>(options => options.ConnectionString = connectionString);
        builder.Services.AddSingleton<StoreConnections>();
        builder.Services.AddSingleton<ObjectReader>();
        WebApplication server = builder.Build();
        server.MapObjects();
        await server.StartAsync();
        return (server, new HttpClient(handler ?? new SocketsHttpHandler()) { BaseAddress = new Uri(server.Urls.Single()) });
    }

    /// <summary>A busy machine may take longer than an answer may, which most of these tests are not about.</summary>
    sealed class AskingAgain : DelegatingHandler
    {
        protected override async Task<HttpResponseMessage> SendAsync(HttpRequestMessage request, CancellationToken cancellationToken)
        {
            HttpResponseMessage? response = null;
            await Wait.UntilAsync(
                async () =>
                {
                    response?.Dispose();
                    response = await base.SendAsync(request, cancellationToken);
                    return response.StatusCode != HttpStatusCode.ServiceUnavailable;
                },
                "it answers in time");
            return response!;
        }
    }
}

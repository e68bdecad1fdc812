using System.Net;
using System.Net.Http.Headers;
using System.Text.Json;
using Callbacks.Fixtures;
using Callbacks.SystemTests.Acceptance;

namespace Callbacks.SystemTests.Api;

/// <summary>docs/openapi.json is what the service says of itself, and what it says is true.</summary>
public sealed class OpenApiTests(ITestOutputHelper output) : IAsyncLifetime
{
    /// <summary>Set to a file's name to have the document kept that the service serves: <c>docs/openapi.json</c>.</summary>
    static readonly string? Kept = Environment.GetEnvironmentVariable("CALLBACK_OPENAPI");

    static readonly string Text = File.ReadAllText(Path.Combine(Repository.Folder, "docs", "openapi.json"));
    static readonly JsonElement Document = JsonDocument.Parse(Text).RootElement;

    static readonly TimeSpan Deadline = TimeSpan.FromSeconds(30);

    readonly string _folder = Directory.CreateTempSubdirectory($"callback-test-{Environment.ProcessId}-api-").FullName;
    ServiceRig _rig = null!;

    public async ValueTask InitializeAsync() =>
        _rig = await ServiceRig.StartAsync(new RigOptions { Upstream = ["--latency-min", "10", "--latency-max", "50"] }, output);

    public async ValueTask DisposeAsync()
    {
        await _rig.DisposeAsync();
        Directory.Delete(_folder, recursive: true);
    }

    [Fact]
    public async Task The_document_in_the_repository_is_the_one_that_the_service_serves()
    {
        using HttpClient client = Client(_rig.Service);
        string served = await client.GetStringAsync(new Uri("openapi.json", UriKind.Relative)) + "\n";
        if (Kept is not null)
            await File.WriteAllTextAsync(Kept, served);
        else
            Assert.True(served == Text, $"docs/openapi.json is another one. Renew it: CALLBACK_OPENAPI=$PWD/docs/openapi.json ./callback test --only The_document_in_the_repository\n{served}");
    }

    [Fact]
    public async Task Every_answer_that_is_documented_is_given_and_looks_as_documented()
    {
        await using ServiceProcess full = await StartFullAsync();
        using HttpClient good = Client(_rig.Service), bad = Client(full);
        await PostAsync(good, """{"object_ids":[2]}""");
        await Eventually.TrueAsync(async () => await _rig.CountRowsAsync() == 1, Deadline, () => $"2 is stored. The service said:\n{_rig.Service.Lines}");

        (string Of, int Status, Func<Task<HttpResponseMessage>> Ask)[] cases =
        [
            ("post /callback", 202, () => PostAsync(good, """{"object_ids":[1,2,2]}""")),
            ("post /callback", 400, () => PostAsync(good, """{"object_ids":[1,"two"]}""")),
            ("post /callback", 408, PostSlowlyAsync),
            ("post /callback", 413, () => PostAsync(good, new string(' ', (1 << 20) + 1))),
            ("post /callback", 415, () => PostAsync(good, "{}", "gzip")),
            ("post /callback", 422, () => PostAsync(good, $$"""{"object_ids":[{{string.Join(',', new int[10_001])}}]}""")),
            ("post /callback", 503, () => PostAsync(bad, """{"object_ids":[1]}""")),
            ("get /objects", 200, () => GetAsync(good, "objects?limit=1&online=true&after=-5")),
            ("get /objects", 400, () => GetAsync(good, "objects?limit=0")),
            ("get /objects", 503, () => GetAsync(bad, "objects")),
            ("get /objects/{id}", 200, () => GetAsync(good, "objects/2")),
            ("get /objects/{id}", 404, () => GetAsync(good, "objects/1")),
            ("get /objects/{id}", 503, () => GetAsync(bad, "objects/2")),
            ("get /status", 200, () => GetAsync(bad, "status")),
            ("get /metrics", 200, () => GetAsync(good, "metrics")),
            ("get /livez", 200, () => GetAsync(bad, "livez")),
            ("get /readyz", 200, () => GetAsync(good, "readyz")),
            ("get /readyz", 503, () => GetAsync(bad, "readyz")),
        ];
        IEnumerable<string> documented = Document.GetProperty("paths").EnumerateObject().SelectMany(path => path.Value.EnumerateObject().SelectMany(
            method => method.Value.GetProperty("responses").EnumerateObject().Select(answer => $"{method.Name} {path.Name} {answer.Name}")));
        Assert.Equal(documented.Order(StringComparer.Ordinal), cases.Select(one => $"{one.Of} {one.Status}").Order(StringComparer.Ordinal), StringComparer.Ordinal);
        foreach ((string of, int status, Func<Task<HttpResponseMessage>> ask) in cases)
        {
            using HttpResponseMessage response = await Eventually.AnsweredInTimeAsync(ask, Deadline, isLateExpected: status == (int)HttpStatusCode.ServiceUnavailable);
            await AssertDocumentedAsync(of, status, response);
        }
    }

    static async Task AssertDocumentedAsync(string of, int status, HttpResponseMessage response)
    {
        string body = await response.Content.ReadAsStringAsync();
        Assert.True(status == (int)response.StatusCode, $"{of} is answered {response.StatusCode} instead of {status}: {body}");
        string[] words = of.Split(' ');
        JsonElement answer = Document.GetProperty("paths").GetProperty(words[1]).GetProperty(words[0]).GetProperty("responses").GetProperty($"{status}");
        JsonProperty content = Assert.Single(answer.GetProperty("content").EnumerateObject());
        Assert.Equal(content.Name, response.Content.Headers.ContentType!.MediaType);
        Assert.Equal(answer.TryGetProperty("headers", out _), response.Headers.RetryAfter is not null);
        if (content.Name == "text/plain")
            return;

        using JsonDocument json = JsonDocument.Parse(body);
        Assert.Empty(new DocumentedShape(Document).FindDifferences(content.Value.GetProperty("schema"), json.RootElement));
        // The types that it may have stand in the description.
        if (status >= 400)
            Assert.Contains($"`{json.RootElement.GetProperty("type").GetString()}`", answer.GetProperty("description").GetString(), StringComparison.Ordinal);
    }

    /// <summary>Neither PostgreSQL nor the upstream is there, and its journal has no room left.</summary>
    async Task<ServiceProcess> StartFullAsync()
    {
        // Nobody listens on port 1.
        var service = new ServiceProcess(FreePort.Take(), socket: null,
        [
            $"--Journal:Directory={Path.Combine(_folder, "journal")}", "--Journal:SegmentBytes=65536", "--Intake:IdsMax=7000", "--Journal:BytesMax=196608", "--Sweep:Retention=01:00:00",
            "--Lookup:BaseUrl=http://127.0.0.1:1/", "--Store:ConnectionString=Host=127.0.0.1;Port=1;Username=nobody;Database=none",
        ]);
        await service.StartAsync();
        using HttpClient client = Client(service);
        string body = $$"""{"object_ids":[{{string.Join(',', Enumerable.Range(1, 5_000))}}]}""";
        // A busy disk may take too long for one of them before it is full.
        await Eventually.TrueAsync(
            async () =>
            {
                using HttpResponseMessage response = await PostAsync(client, body);
                JsonElement status = JsonElement.Parse(await client.GetStringAsync(new Uri("status", UriKind.Relative)));
                return response.StatusCode == HttpStatusCode.ServiceUnavailable && status.GetProperty("reasons").EnumerateArray().Any(
                    reason => reason.GetString()!.StartsWith("The journal can't write: The journal has reached", StringComparison.Ordinal));
            },
            Deadline, () => $"the journal is full. The service said:\n{service.Lines}");
        return service;
    }

    /// <summary>Promises a body and sends none.</summary>
    async Task<HttpResponseMessage> PostSlowlyAsync()
    {
        using RawClient client = await RawClient.ConnectAsync(new IPEndPoint(IPAddress.Loopback, _rig.Service.Url.Port));
        await client.SendAsync("POST /callback HTTP/1.1\r\nHost: localhost\r\nContent-Length: 100\r\n\r\n");
        Answer answer = (await client.ReadAnswerAsync())!;
        var response = new HttpResponseMessage((HttpStatusCode)answer.Status) { Content = new StringContent(answer.Body) };
        string type = answer.Head.Split("\r\n").Single(line => line.StartsWith("Content-Type: ", StringComparison.Ordinal))["Content-Type: ".Length..];
        response.Content.Headers.ContentType = MediaTypeHeaderValue.Parse(type);
        return response;
    }

    static HttpClient Client(ServiceProcess service) => new() { BaseAddress = service.Url, Timeout = Deadline };

    static Task<HttpResponseMessage> GetAsync(HttpClient client, string path) => client.GetAsync(new Uri(path, UriKind.Relative));

    static async Task<HttpResponseMessage> PostAsync(HttpClient client, string body, string? encoding = null)
    {
        using var content = new StringContent(body);
        if (encoding is not null)
            content.Headers.ContentEncoding.Add(encoding);
        return await client.PostAsync(new Uri("callback", UriKind.Relative), content);
    }
}

using System.Net;
using System.Text;
using System.Text.RegularExpressions;
using Callbacks.Fixtures;
using Callbacks.Local;
using Callbacks.SystemTests.Acceptance;

namespace Callbacks.SystemTests.Api;

/// <summary>What docs/api.md and docs/callback.http tell people to do works as it stands there.</summary>
public sealed partial class ApiExamplesTests(ITestOutputHelper output) : IAsyncLifetime
{
    const string DocumentedUrl = "http://localhost:9090";

    static readonly TimeSpan Deadline = TimeSpan.FromSeconds(30);
    static readonly string Document = Read("api.md");

    ServiceRig _rig = null!;
    HttpClient _client = null!;

    public async ValueTask InitializeAsync()
    {
        _rig = await ServiceRig.StartAsync(new RigOptions { Upstream = ["--latency-min", "10", "--latency-max", "50"] }, output);
        _client = new HttpClient { BaseAddress = _rig.Service.Url, Timeout = Deadline };
    }

    public async ValueTask DisposeAsync()
    {
        _client.Dispose();
        await _rig.DisposeAsync();
    }

    [Fact]
    public async Task Every_curl_of_the_document_gets_the_answer_that_stands_below_it()
    {
        bool hasCurl = (Environment.GetEnvironmentVariable("PATH") ?? "").Split(':').Any(folder => File.Exists(Path.Combine(folder, "curl")));
        Assert.SkipWhen(!hasCurl && Environment.GetEnvironmentVariable("CI") is not "true", "curl is not installed.");
        string[] blocks = [.. Blocks("sh")];
        Assert.Equal(3, blocks.Length);

        string posted = await RunAsync(blocks[0]);
        Assert.StartsWith("HTTP/1.1 202 Accepted", posted, StringComparison.Ordinal);
        Assert.EndsWith("\"objects\":4}", posted, StringComparison.Ordinal);
        await StoredAsync(2, 4);

        string shown = Blocks("").Single(block => block.StartsWith("{\"objects\":", StringComparison.Ordinal));
        Assert.Equal(WithoutTimes(shown.TrimEnd()), WithoutTimes((await RunAsync(blocks[1])).Replace("}{", "}\n{", StringComparison.Ordinal)));

        string watched = await RunAsync(blocks[2]);
        Assert.Contains("\"is_balanced\": true", watched, StringComparison.Ordinal);
        Assert.Contains("\"status\": \"alive\"", watched, StringComparison.Ordinal);
        Assert.Contains("\"status\": \"ready\"", watched, StringComparison.Ordinal);
        Assert.EndsWith("callback_received_total 1", watched, StringComparison.Ordinal);
    }

    [Fact]
    public async Task The_problem_that_the_document_shows_is_what_such_a_body_gets()
    {
        using var body = new StringContent("""{"object_ids":[1,"two"]}""");
        using HttpResponseMessage response = await _client.PostAsync(new Uri("callback", UriKind.Relative), body);
        Assert.Equal(Blocks("").Single(block => block.StartsWith("{\"type\":", StringComparison.Ordinal)).TrimEnd(), await response.Content.ReadAsStringAsync());
    }

    [Fact]
    public async Task The_Csharp_of_the_document_is_compiled_here_and_sends_until_it_knows()
    {
        string source = await File.ReadAllTextAsync(Path.Combine(Repository.Folder, "tests/Callbacks.SystemTests/Api/ApiExample.cs"));
        string code = Assert.Single(Blocks("csharp"));
        Assert.Contains(Indented(code), source, StringComparison.Ordinal);

        Assert.Matches("^[0-9a-f]{8}-[0-9]+$", await ApiExample.RunAsync(_client, [6, 8], CancellationToken.None));
        await StoredAsync(6, 8);
        ArgumentException refused = await Assert.ThrowsAsync<ArgumentException>(() => ApiExample.RunAsync(_client, new long[10_001], CancellationToken.None));
        Assert.StartsWith("422: ", refused.Message, StringComparison.Ordinal);
        Assert.Contains("urn:callback:problem:too-many-ids", refused.Message, StringComparison.Ordinal);

        // Nobody is there for a while: it goes on until somebody is.
        await _rig.Service.KillAsync();
        Task<string> sending = ApiExample.RunAsync(_client, [10], CancellationToken.None);
        await _rig.Service.StartAsync();
        Assert.NotEmpty(await sending.WaitAsync(Deadline));
    }

    [Fact]
    public async Task Every_request_of_the_http_file_gets_the_status_that_its_title_says()
    {
        using var body = new StringContent("""{"object_ids":[2]}""");
        (await _client.PostAsync(new Uri("callback", UriKind.Relative), body)).Dispose();
        await StoredAsync(2);
        MatchCollection requests = HttpFileRequest().Matches(Read("callback.http").Replace("{{service}}/", "", StringComparison.Ordinal));
        Assert.Equal(10, requests.Count);
        foreach (Match request in requests)
        {
            using HttpResponseMessage response = await Eventually.AnsweredInTimeAsync(() => AskAsync(request), Deadline);
            Assert.Equal(request.Groups["status"].Value, $"{(int)response.StatusCode}");
        }
    }

    async Task<HttpResponseMessage> AskAsync(Match request)
    {
        using var message = new HttpRequestMessage(new HttpMethod(request.Groups["method"].Value), new Uri(request.Groups["path"].Value, UriKind.Relative));
        if (request.Groups["body"].Success)
            message.Content = new StringContent(request.Groups["body"].Value, Encoding.UTF8, "application/json");
        return await _client.SendAsync(message);
    }

    /// <summary>Where everything else runs beside it PostgreSQL or the disk may take too long for one answer, which is a 503: it is run again.</summary>
    async Task<string> RunAsync(string script)
    {
        string said = "";
        await Eventually.TrueAsync(
            async () => !(said = await RunOnceAsync(script)).Contains("\"status\":503", StringComparison.Ordinal), Deadline, () => $"{script} is answered in time: {said}");
        return said;
    }

    async Task<string> RunOnceAsync(string script)
    {
        using var deadline = new CancellationTokenSource(Deadline);
        string here = script.Replace(DocumentedUrl, _rig.Service.Url.ToString().TrimEnd('/'), StringComparison.Ordinal);
        (int exitCode, string said) = await ChildProcess.RunAsync(new ChildStart("/bin/sh", ["-eu", "-c", here]), deadline.Token);
        Assert.True(exitCode == 0, $"{here} ended with {exitCode}: {said}");
        return said;
    }

    Task StoredAsync(params long[] ids) => Eventually.TrueAsync(
        async () =>
        {
            foreach (long id in ids)
            {
                using HttpResponseMessage response = await _client.GetAsync(new Uri($"objects/{id}", UriKind.Relative));
                if (response.StatusCode != HttpStatusCode.OK)
                    return false;
            }

            return true;
        },
        Deadline, () => $"{string.Join(", ", ids)} are stored. The service said:\n{_rig.Service.Lines}");

    static string Read(string name) => File.ReadAllText(Path.Combine(Repository.Folder, "docs", name));

    /// <summary>The fenced blocks in that language.</summary>
    static IEnumerable<string> Blocks(string language) =>
        Fence().Matches(Document).Where(match => match.Groups["language"].Value == language).Select(match => match.Groups["code"].Value);

    static string Indented(string code) => string.Join('\n', code.TrimEnd().Split('\n').Select(line => line.Length == 0 ? line : "    " + line));

    static string WithoutTimes(string text) => Time().Replace(text, "TIME");

    [GeneratedRegex("^```(?<language>[a-z]*)\n(?<code>.*?)^```$", RegexOptions.ExplicitCapture | RegexOptions.Multiline | RegexOptions.Singleline, matchTimeoutMilliseconds: 1000)]
    private static partial Regex Fence();

    [GeneratedRegex(@"\d{4}-\d\d-\d\dT[\d:.]+Z", RegexOptions.None, matchTimeoutMilliseconds: 1000)]
    private static partial Regex Time();

    [GeneratedRegex(@"^### [^\n]*: (?<status>\d{3})[^\n]*\n(?<method>[A-Z]+) (?<path>\S+)(\n[^\n#]+)*(\n\n(?<body>\{[^\n]*))?", RegexOptions.ExplicitCapture | RegexOptions.Multiline, matchTimeoutMilliseconds: 1000)]
    private static partial Regex HttpFileRequest();
}

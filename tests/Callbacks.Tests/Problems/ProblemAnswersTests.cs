using System.Text.Json;
using System.Text.RegularExpressions;
using Callbacks.Fixtures;
using Callbacks.Problems;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Logging;

namespace Callbacks.Tests.Problems;

public sealed partial class ProblemAnswersTests : IAsyncLifetime
{
    WebApplication _server = null!;
    HttpClient _client = null!;

    public async ValueTask InitializeAsync()
    {
        WebApplicationBuilder builder = WebApplication.CreateSlimBuilder(["--urls", "http://127.0.0.1:0"]);
        builder.Logging.ClearProviders();
        _server = builder.Build();
        _server.UseProblems();
        _server.MapGet("/file", () => TypedResults.Bytes("a"u8.ToArray(), "text/plain", entityTag: new("\"1\"")));
        _server.MapGet("/own", () => new Problem("no-such-object", "Own.", StatusCodes.Status404NotFound, "Own."));
        _server.MapGet("/broken", string () => throw new InvalidOperationException("s3cret"));
        _server.MapGet("/half", async context =>
        {
            await context.Response.WriteAsync("half");
            await context.Response.Body.FlushAsync();
            throw new InvalidOperationException("s3cret");
        });
        await _server.StartAsync();
        _client = new HttpClient { BaseAddress = new Uri(_server.Urls.Single()) };
    }

    public async ValueTask DisposeAsync()
    {
        _client.Dispose();
        await _server.DisposeAsync();
    }

    [Theory]
    [InlineData("GET", "/nowhere", 404, "not-found")]
    [InlineData("POST", "/file", 405, "method-not-allowed")]
    [InlineData("GET", "/file", 412, "precondition-failed")]
    [InlineData("GET", "/broken", 500, "internal-error")]
    [InlineData("GET", "/own", 404, "no-such-object")]
    public async Task Whatever_answers_an_error_answers_a_problem(string method, string path, int status, string type)
    {
        using var request = new HttpRequestMessage(new HttpMethod(method), path);
        request.Headers.IfMatch.Add(new System.Net.Http.Headers.EntityTagHeaderValue("\"2\""));
        using HttpResponseMessage response = await _client.SendAsync(request);
        string body = await response.Content.ReadAsStringAsync();
        Assert.Equal(status, (int)response.StatusCode);
        Assert.Equal("application/problem+json", response.Content.Headers.ContentType!.ToString());
        using JsonDocument problem = JsonDocument.Parse(body);
        Assert.Equal($"urn:callback:problem:{type}", problem.RootElement.GetProperty("type").GetString());
        Assert.Equal(status, problem.RootElement.GetProperty("status").GetInt32());
        Assert.DoesNotContain("s3cret", body, StringComparison.Ordinal);
    }

    [Fact]
    public async Task What_is_allowed_where_the_method_is_not_is_still_said()
    {
        using HttpResponseMessage response = await _client.DeleteAsync("/file");
        Assert.Equal("GET", Assert.Single(response.Content.Headers.Allow));
    }

    [Fact]
    public async Task An_answer_that_has_begun_is_cut_off_and_not_continued_with_something_else() =>
        await Assert.ThrowsAsync<HttpRequestException>(() => _client.GetStringAsync("/half"));

    [Fact]
    public void The_document_lists_every_type_and_no_other()
    {
        string document = File.ReadAllText(Path.Combine(Repository.Folder, "docs", "api.md"));
        IEnumerable<string> listed = TypeOfRow().Matches(document[document.IndexOf("## Problems", StringComparison.Ordinal)..]).Select(match => ProblemType.Prefix + match.Groups["type"].Value);
        Assert.Equal(ProblemType.ReadAll().Order(StringComparer.Ordinal), listed.Order(StringComparer.Ordinal), StringComparer.Ordinal);
    }

    [GeneratedRegex(@"^\| `(?<type>[a-z-]+)` \|", RegexOptions.Multiline | RegexOptions.ExplicitCapture, matchTimeoutMilliseconds: 1000)]
    private static partial Regex TypeOfRow();
}

using System.Collections.Concurrent;
using System.Globalization;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Logging;

namespace Callbacks.Tests.Lookup;

/// <summary>An upstream on a real socket that does with each request what the test says, and counts.</summary>
sealed class FakeUpstream : IAsyncDisposable
{
    readonly WebApplication _app;
    readonly ConcurrentDictionary<long, int> _requests = new();
    readonly ConcurrentDictionary<long, int> _inFlight = new();
    int _overlaps;
    int _strays;

    FakeUpstream(WebApplication app) => _app = app;

    public Uri Address => new(_app.Urls.Single() + "/");

    /// <summary>What happens to a request; a right answer unless a test says otherwise.</summary>
    public Func<HttpContext, long, Task> Handler { get; set; } = AnswerAsync;

    /// <summary>Requests that began while another one of the same id was in flight.</summary>
    public int Overlaps => _overlaps;

    /// <summary>Requests to any other path.</summary>
    public int Strays => _strays;

    public int Requests(long id) => _requests.GetValueOrDefault(id);

    public static async Task<FakeUpstream> StartAsync(int port = 0)
    {
        WebApplicationBuilder builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        builder.WebHost.UseUrls($"http://127.0.0.1:{port}");
        WebApplication app = builder.Build();
        var upstream = new FakeUpstream(app);
        app.Run(upstream.ServeAsync);
        await app.StartAsync();
        return upstream;
    }

    /// <summary>Online for even ids.</summary>
    public static Task AnswerAsync(HttpContext context, long id) => context.Response.WriteAsync(Answer(id));

    public static string Answer(long id) => $$"""{"id":{{id}},"online":{{(id % 2 == 0 ? "true" : "false")}}}""";

    public async ValueTask DisposeAsync()
    {
        using var atOnce = new CancellationTokenSource(TimeSpan.Zero);
        await _app.StopAsync(atOnce.Token);
        await _app.DisposeAsync();
    }

    async Task ServeAsync(HttpContext context)
    {
        const string Prefix = "/objects/";
        string path = context.Request.Path.Value!;
        if (!path.StartsWith(Prefix, StringComparison.Ordinal)
            || !long.TryParse(path.AsSpan(Prefix.Length), NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out long id))
        {
            Interlocked.Increment(ref _strays);
            return;
        }

        _requests.AddOrUpdate(id, 1, (_, count) => count + 1);
        if (_inFlight.AddOrUpdate(id, 1, (_, count) => count + 1) > 1)
            Interlocked.Increment(ref _overlaps);
        // An answer is whole for the client before the handler returns.
        context.Response.OnStarting(() =>
        {
            Leave(id);
            return Task.CompletedTask;
        });
        try
        {
            await Handler(context, id);
        }
        catch (OperationCanceledException)
        {
            // The client broke off.
        }

        if (!context.Response.HasStarted)
            await context.Response.StartAsync(CancellationToken.None);
    }

    void Leave(long id) => _inFlight.AddOrUpdate(id, 0, (_, count) => count - 1);
}

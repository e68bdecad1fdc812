using System.Text.Json;
using Microsoft.AspNetCore.Hosting.Server;
using Microsoft.AspNetCore.Http.Features;

namespace Callbacks.Tester.Serve;

/// <summary>
/// Turns the upstream bad and good again while it runs. <c>GET /control</c> shows its behaviour. <c>PUT /control</c> sets it: the fields
/// that the JSON names, and for the rest what the command line said, so <c>{}</c> is back to the start. <c>GET /control/counts</c>:
/// lookups begun, ended (and how) and running.
/// </summary>
sealed class ControlApplication(Upstream upstream, UpstreamServer server) : IHttpApplication<HttpContext>
{
    public HttpContext CreateContext(IFeatureCollection contextFeatures) => new DefaultHttpContext(contextFeatures);

    public void DisposeContext(HttpContext context, Exception? exception)
    {
    }

    public Task ProcessRequestAsync(HttpContext context) => (context.Request.Method, context.Request.Path.Value) switch
    {
        ("GET", "/control") => AnswerAsync(context, StatusCodes.Status200OK, upstream.Current.ToJson()),
        ("PUT", "/control") => ChangeAsync(context),
        ("GET", "/control/counts") => AnswerAsync(context, StatusCodes.Status200OK, Counts()),
        _ => AnswerAsync(context, StatusCodes.Status404NotFound, """{"error":"there is /objects/{id}, /control and /control/counts"}"""),
    };

    async Task ChangeAsync(HttpContext context)
    {
        using var reader = new StreamReader(context.Request.Body);
        Behaviour behaviour;
        string? problem;
        try
        {
            behaviour = upstream.Usual.With(await reader.ReadToEndAsync(context.RequestAborted));
            problem = behaviour.Problem();
        }
        catch (JsonException exception)
        {
            (behaviour, problem) = (upstream.Current, exception.Message);
        }

        if (problem is null && behaviour is { Away: true, AwaySeconds: 0 } && !server.HasControlAddress)
            problem = "away without away_seconds needs a --control-url, or nothing could end it";
        if (problem is not null)
        {
            await AnswerAsync(context, StatusCodes.Status400BadRequest, JsonSerializer.Serialize(new { error = problem }));
            return;
        }

        if (behaviour.Away && !server.HasControlAddress)
        {
            // Going away cuts this connection too, so the answer goes first.
            await AnswerAsync(context, StatusCodes.Status200OK, behaviour.ToJson());
            await context.Response.CompleteAsync();
            _ = Task.Run(() => server.ApplyAsync(behaviour));
            return;
        }

        await server.ApplyAsync(behaviour);
        await AnswerAsync(context, StatusCodes.Status200OK, behaviour.ToJson());
    }

    string Counts()
    {
        (long ended, long begun) = (upstream.Ended, upstream.Begun);
        var outcomes = upstream.ByOutcome().ToDictionary(
            pair => JsonNamingPolicy.SnakeCaseLower.ConvertName(pair.Key.ToString()), pair => pair.Value, StringComparer.Ordinal);
        return JsonSerializer.Serialize(new { begun, ended, running = begun - ended, outcomes });
    }

    static async Task AnswerAsync(HttpContext context, int status, string json)
    {
        context.Response.StatusCode = status;
        context.Response.ContentType = "application/json";
        await context.Response.WriteAsync(json);
    }
}

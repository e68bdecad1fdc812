using System.Globalization;
using System.Text.Json;
using System.Text.Json.Serialization.Metadata;
using Callbacks.Store;

namespace Callbacks.View;

/// <summary>
/// <c>GET /objects</c> and <c>GET /objects/{id}</c>: 200; 400 for a query that can't be used; 404 for an id that isn't there; 503 with
/// <c>Retry-After</c> when PostgreSQL doesn't answer within a second. All but the first are <c>application/problem+json</c>.
/// </summary>
static partial class ObjectsEndpoints
{
    const string RetryAfterSeconds = "1";

    public static IEndpointRouteBuilder MapObjects(this IEndpointRouteBuilder endpoints)
    {
        endpoints.MapGet("/objects", ReadPageAsync);
        endpoints.MapGet("/objects/{id}", FindAsync);
        return endpoints;
    }

    static async Task ReadPageAsync(HttpContext context, ObjectReader reader, ILogger<ObjectReader> logger)
    {
        if (ObjectPageQuery.Parse(context.Request.Query, out ObjectPageQuery query) is { } error)
        {
            await ProblemAsync(context, StatusCodes.Status400BadRequest, error);
            return;
        }

        if (query.After == long.MaxValue)
        {
            await WriteAsync(context, new ObjectPage([], Next: null), ObjectJson.Default.ObjectPage);
            return;
        }

        try
        {
            // One row more than asked for tells whether there is a next page.
            List<ObjectState> rows = await reader.ReadPageAsync(
                query.After is { } after ? after + 1 : long.MinValue, query.Online, query.Limit + 1, context.RequestAborted);
            int count = Math.Min(rows.Count, query.Limit);
            var views = new List<ObjectView>(count);
            foreach (ObjectState row in rows.Take(count))
                views.Add(ObjectView.From(row));
            long? next = rows.Count > query.Limit ? rows[count - 1].Id : null;
            await WriteAsync(context, new ObjectPage(views, next), ObjectJson.Default.ObjectPage);
        }
        catch (Exception e) when (!context.RequestAborted.IsCancellationRequested)
        {
            await UnavailableAsync(context, logger, e);
        }
    }

    static async Task FindAsync(string id, HttpContext context, ObjectReader reader, ILogger<ObjectReader> logger)
    {
        try
        {
            // What is no 64-bit integer is no object's id.
            ObjectState? found = long.TryParse(id, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out long value)
                ? await reader.FindAsync(value, context.RequestAborted)
                : null;
            if (found is { } state)
                await WriteAsync(context, ObjectView.From(state), ObjectJson.Default.ObjectView);
            else
                await ProblemAsync(context, StatusCodes.Status404NotFound, "There is no object with this id.");
        }
        catch (Exception e) when (!context.RequestAborted.IsCancellationRequested)
        {
            await UnavailableAsync(context, logger, e);
        }
    }

    static Task WriteAsync<T>(HttpContext context, T value, JsonTypeInfo<T> type)
    {
        byte[] json = JsonSerializer.SerializeToUtf8Bytes(value, type);
        context.Response.ContentType = "application/json";
        context.Response.ContentLength = json.Length;
        return context.Response.Body.WriteAsync(json, 0, json.Length, context.RequestAborted);
    }

    static Task UnavailableAsync(HttpContext context, ILogger logger, Exception exception)
    {
        Log.Unavailable(logger, exception);
        if (context.Response.HasStarted)
            return Task.CompletedTask;
        context.Response.Headers.RetryAfter = RetryAfterSeconds;
        return ProblemAsync(context, StatusCodes.Status503ServiceUnavailable, "PostgreSQL does not answer.");
    }

    static Task ProblemAsync(HttpContext context, int status, string detail) =>
        TypedResults.Problem(detail, statusCode: status).ExecuteAsync(context);

    static partial class Log
    {
        [LoggerMessage(Level = LogLevel.Debug, Message = "A view got 503.")]
        public static partial void Unavailable(ILogger logger, Exception exception);
    }
}

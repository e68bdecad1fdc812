using System.Globalization;
using System.Text.Json;
using System.Text.Json.Serialization.Metadata;
using Callbacks.Problems;
using Callbacks.Store;
using Callbacks.View.OpenApi;

namespace Callbacks.View;

/// <summary>
/// <c>GET /objects</c> and <c>GET /objects/{id}</c>: 200; 400 for a query that can't be used; 404 for an id that isn't there; 503 with
/// <c>Retry-After</c> when PostgreSQL doesn't answer within a second.
/// </summary>
static partial class ObjectsEndpoints
{
    const string Tag = "Objects";

    static readonly Problem NotThere = new(
        ProblemType.NoSuchObject, "There is no such object.", StatusCodes.Status404NotFound, "There is no object with this id.");

    static readonly Problem Away = new(
        ProblemType.PostgresqlAway, "PostgreSQL is away.", StatusCodes.Status503ServiceUnavailable, "PostgreSQL does not answer.")
    {
        RetryAfterSeconds = 1,
    };

    public static IEndpointRouteBuilder MapObjects(this IEndpointRouteBuilder endpoints)
    {
        endpoints.MapGet("/objects", ReadPageAsync)
            .WithTags(Tag)
            .WithName("listObjects")
            .WithSummary("What is stored, ascending by id, in pages.")
            .WithMetadata([.. ObjectPageQuery.Parameters])
            .Answers<ObjectPage>("`next` is what to pass as `after` for the next page; null at the end.")
            .Refuses(StatusCodes.Status400BadRequest, ProblemType.BadQuery)
            .Refuses(StatusCodes.Status503ServiceUnavailable, ProblemType.PostgresqlAway);
        endpoints.MapGet("/objects/{id}", FindAsync)
            .WithTags(Tag)
            .WithName("getObject")
            .WithSummary("One stored object.")
            .Answers<ObjectView>("`last_seen` is when the newest callback was received that named it.")
            .Refuses(StatusCodes.Status404NotFound, ProblemType.NoSuchObject)
            .Refuses(StatusCodes.Status503ServiceUnavailable, ProblemType.PostgresqlAway);
        return endpoints;
    }

    static async Task ReadPageAsync(HttpContext context, ObjectReader reader, ILogger<ObjectReader> logger)
    {
        if (ObjectPageQuery.Parse(context.Request.Query, out ObjectPageQuery query) is { } error)
        {
            await new Problem(ProblemType.BadQuery, "The query can't be used.", StatusCodes.Status400BadRequest, error).ExecuteAsync(context);
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
                await NotThere.ExecuteAsync(context);
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
        return context.Response.HasStarted ? Task.CompletedTask : Away.ExecuteAsync(context);
    }

    static partial class Log
    {
        [LoggerMessage(Level = LogLevel.Debug, Message = "A view got 503.")]
        public static partial void Unavailable(ILogger logger, Exception exception);
    }
}

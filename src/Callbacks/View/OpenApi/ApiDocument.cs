using System.Text.Json;
using System.Text.Json.Nodes;
using System.Text.Json.Serialization;
using Callbacks.Problems;
using Callbacks.Telemetry;
using Microsoft.AspNetCore.Http.Json;
using Microsoft.AspNetCore.OpenApi;
using Microsoft.OpenApi;

namespace Callbacks.View.OpenApi;

/// <summary>
/// <c>GET /openapi.json</c>, put together from what the endpoints say of themselves when somebody asks for it. <c>docs/openapi.json</c> is
/// the same document; a test compares them.
/// </summary>
static class ApiDocument
{
    const string Path = "/openapi.json";

    public static void AddApiDocument(this IServiceCollection services)
    {
        // Nothing but the schemas of the description goes by these: each answer has its own way to be written.
        services.Configure<JsonOptions>(json =>
        {
            json.SerializerOptions.PropertyNamingPolicy = JsonNamingPolicy.SnakeCaseLower;
            json.SerializerOptions.NumberHandling = JsonNumberHandling.Strict;
        });
        services.AddOpenApi(Configure);
    }

    public static void MapApiDocument(this IEndpointRouteBuilder endpoints) => endpoints.MapOpenApi(Path);

    /// <summary>What the endpoint answers when all is well.</summary>
    public static RouteHandlerBuilder Answers<T>(this RouteHandlerBuilder endpoint, string description, string contentType = "application/json") =>
        endpoint.WithMetadata(new ProducesResponseTypeMetadata(StatusCodes.Status200OK, typeof(T), [contentType]) { Description = description });

    static void Configure(OpenApiOptions options)
    {
        options.AddDocumentTransformer((document, _, _) =>
        {
            document.Info = new OpenApiInfo
            {
                Title = "Callbacks",
                Version = CallbackMeter.Version,
                Description = "Receives callbacks that name object ids, looks each id up, and keeps the objects that are online with the time each was last seen.",
            };
            // Whoever reads it knows where it came from; the address of one request is nobody else's.
            document.Servers = null;
            return Task.CompletedTask;
        });
        options.AddOperationTransformer(async (operation, context, stop) =>
        {
            await AddParametersAsync(operation, context, stop);
            DescribeAnswers(operation, context.Description.ActionDescriptor.EndpointMetadata);
        });
        options.AddSchemaTransformer((schema, context, _) =>
        {
            if (context.JsonPropertyInfo is { Name: "type" } property && property.DeclaringType == typeof(Problem))
                schema.Enum = [.. ProblemType.ReadAll().Select(type => (JsonNode)type)];
            return Task.CompletedTask;
        });
    }

    static void DescribeAnswers(OpenApiOperation operation, IList<object> metadata)
    {
        foreach ((string status, IOpenApiResponse response) in operation.Responses ?? [])
        {
            var answer = (OpenApiResponse)response;
            answer.Description = metadata.OfType<ProducesResponseTypeMetadata>().First(answers => $"{answers.StatusCode}" == status).Description;
            if (status == "503")
                answer.Headers = new Dictionary<string, IOpenApiHeader>(StringComparer.Ordinal) { ["Retry-After"] = RetryAfter() };
        }
    }

    static async Task AddParametersAsync(OpenApiOperation operation, OpenApiOperationTransformerContext context, CancellationToken stop)
    {
        // An id is looked for whatever it is; only these can be there.
        foreach (OpenApiParameter id in operation.Parameters?.OfType<OpenApiParameter>() ?? [])
            id.Schema = await context.GetOrCreateSchemaAsync(typeof(long), null, stop);
        foreach (QueryParameter parameter in context.Description.ActionDescriptor.EndpointMetadata.OfType<QueryParameter>())
        {
            operation.Parameters ??= [];
            operation.Parameters.Add(new OpenApiParameter
            {
                Name = parameter.Name,
                In = ParameterLocation.Query,
                Description = parameter.Description,
                Schema = await context.GetOrCreateSchemaAsync(parameter.Type, null, stop),
            });
        }
    }

    static OpenApiHeader RetryAfter() => new() { Description = "Seconds.", Schema = new OpenApiSchema { Type = JsonSchemaType.Integer } };
}


namespace Callbacks.Problems;

/// <summary>
/// The same form for what routing and the framework answer by themselves, without a body: no such path, no such method, a condition that
/// is not met, an endpoint that failed. Callbacks don't come by here (<c>Intake/RequestGate.cs</c>).
/// </summary>
static partial class ProblemAnswers
{
    public static void UseProblems(this WebApplication app)
    {
        ILogger logger = app.Services.GetRequiredService<ILoggerFactory>().CreateLogger(typeof(ProblemAnswers).FullName!);
        app.Use(following => context => AnswerAsync(context, following, logger));
    }

    /// <summary>Says in the endpoint's description that it may answer like that.</summary>
    public static TBuilder Refuses<TBuilder>(this TBuilder endpoint, int status, params string[] types)
        where TBuilder : IEndpointConventionBuilder
    {
        string names = string.Join(", ", types.Select(type => $"`{ProblemType.Prefix}{type}`"));
        return endpoint.WithMetadata(new ProducesResponseTypeMetadata(status, typeof(Problem), [Problem.ContentType]) { Description = names });
    }

    static async Task AnswerAsync(HttpContext context, RequestDelegate following, ILogger logger)
    {
        HttpResponse response = context.Response;
        try
        {
            await following(context);
        }
        catch (Exception exception) when (!response.HasStarted && !context.RequestAborted.IsCancellationRequested)
        {
            Log.Failed(logger, context.Request.Method, context.GetEndpoint()?.DisplayName, exception);
            response.Clear();
            await Internal.WriteToAsync(response);
            return;
        }

        if (!response.HasStarted && response.ContentLength is null && Of(context) is { } problem)
            await problem.WriteToAsync(response);
    }

    static readonly Problem Internal = new(
        ProblemType.InternalError, "The service failed to answer.", StatusCodes.Status500InternalServerError, "This is a defect; the log says more.");

    static Problem? Of(HttpContext context) => context.Response.StatusCode switch
    {
        StatusCodes.Status404NotFound => new Problem(
            ProblemType.NotFound, "There is nothing here.", StatusCodes.Status404NotFound, "No request of this service has this path."),
        StatusCodes.Status405MethodNotAllowed => new Problem(
            ProblemType.MethodNotAllowed, "The method is not allowed.", StatusCodes.Status405MethodNotAllowed, $"Allowed here: {context.Response.Headers.Allow}."),
        StatusCodes.Status412PreconditionFailed => new Problem(
            ProblemType.PreconditionFailed, "The condition is not met.", StatusCodes.Status412PreconditionFailed, "What is here has another entity tag."),
        _ => null,
    };

    static partial class Log
    {
        [LoggerMessage(Level = LogLevel.Error, Message = "{Method} on {Endpoint} failed and was answered with 500.")]
        public static partial void Failed(ILogger logger, string method, string? endpoint, Exception exception);
    }
}

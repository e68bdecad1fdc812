namespace Callbacks.Intake;

/// <summary>
/// Runs first for every request, on whatever path: notes that its connection is in use, and has the answer close it when it must.
/// A callback goes from here straight to its endpoint, past routing and whatever else other requests need.
/// </summary>
sealed class RequestGate(CallbackEndpoint endpoint, Connections connections, TimeProvider time) : IStartupFilter
{
    public Action<IApplicationBuilder> Configure(Action<IApplicationBuilder> next) => app =>
    {
        // No await and so no task of its own: the task of the endpoint is handed on.
        app.Use(following => context =>
        {
            context.Features.Get<ClientConnection>()?.OnRequest(time.GetTimestamp());
            if (connections.MustClose)
                context.Response.Headers.Connection = "close";

            return IsCallback(context.Request) ? endpoint.HandleAsync(context) : following(context);
        });
        next(app);
    };

    static bool IsCallback(HttpRequest request) =>
        HttpMethods.IsPost(request.Method) && string.Equals(request.Path.Value, IntakeSetup.Path, StringComparison.Ordinal);
}

using Callbacks.Configuration;
using Callbacks.Journal;
using Callbacks.Problems;
using Microsoft.AspNetCore.Connections;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Microsoft.AspNetCore.Server.Kestrel.Transport.Sockets;
using Microsoft.Extensions.DependencyInjection.Extensions;
using Microsoft.Extensions.Options;

namespace Callbacks.Intake;

/// <summary>
/// Intake: <see cref="GatedTransport"/> accepts a connection, <see cref="RequestGate"/> notes its request, <see cref="CallbackEndpoint"/>
/// reads it with a <see cref="CallbackParser"/>, appends it to the journal and answers. <see cref="GracefulStop"/> ends it all without
/// leaving a client unanswered.
/// </summary>
static class IntakeSetup
{
    public const string Path = "/callback";

    const string JsonType = "application/json";

    public const string DefaultUrl = "http://localhost:9090";

    /// <summary>The stage needs an <see cref="Journal.ICallbackLog"/>, which the journal registers.</summary>
    public static WebApplicationBuilder AddIntake(this WebApplicationBuilder builder)
    {
        IServiceCollection services = builder.Services;
        services.AddCheckedOptions<IntakeOptions>(IntakeOptions.Section);
        services.AddRelation<IntakeOptions, JournalOptions>(LargestCallback.FindError);
        services.AddSingleton<IValidateOptions<IntakeOptions>, ListenAddresses>();
        services.AddSingleton<ICheck, ListenCheck>();
        services.TryAddSingleton(TimeProvider.System);
        services.TryAddSingleton<Random>();

        services.AddSingleton<Connections>();
        services.AddSingleton<SocketTransportFactory>();
        services.AddSingleton<GatedTransport>();
        // Kestrel binds with the factory registered last.
        services.AddSingleton<IConnectionListenerFactory>(provider => provider.GetRequiredService<GatedTransport>());
        services.AddSingleton<CallbackEndpoint>();
        services.AddSingleton<IStartupFilter, RequestGate>();
        services.AddHostedService<GracefulStop>();
        services.AddHostedService<SupervisorSignal>();

        services.AddSingleton<IConfigureOptions<KestrelServerOptions>, KestrelLimits>();
        services.Configure<SocketTransportOptions>(transport =>
        {
            // The kernel's queue of connections not accepted yet. A restart leaves them there for the next process, and when the queue is full
            // the kernel drops the handshake, which the client repeats only after a second. The kernel lowers it to its own net.core.somaxconn.
            transport.Backlog = 4096;
            // Nothing on the way of a callback blocks, so it needs no hop of its own from the socket to the endpoint and from the answer to the
            // socket: 20 thousand callbacks/s against 16 thousand on two cores.
            transport.UnsafePreferInlineScheduling = true;
        });
        // With a logger for it, hosting makes an activity and a log scope for each request, though nobody has asked for a line. An exception that an
        // endpoint lets through is still logged, by Kestrel.
        builder.Logging.AddFilter("Microsoft.AspNetCore.Hosting.Diagnostics", LogLevel.None);

        // Not by UseUrls, which writes it into every source: where a value comes from could not be told any more.
        if (!HeldSocket.IsGiven && ListenAddresses.Read(builder.Configuration).Count == 0)
            builder.Configuration.AddInMemoryCollection([new(WebHostDefaults.ServerUrlsKey, DefaultUrl)]);

        return builder;
    }

    /// <summary>
    /// Callbacks themselves are taken out before routing, by <see cref="RequestGate"/>. The route is there so that other methods get
    /// their 405 and the endpoint shows where endpoints are listed.
    /// </summary>
    public static WebApplication MapIntake(this WebApplication app)
    {
        app.MapPost(Path, (HttpContext context, CallbackEndpoint endpoint) => endpoint.HandleAsync(context))
            .WithTags("Callbacks")
            .WithName("postCallback")
            .WithSummary("Receives a callback.")
            .WithDescription(
                "202 means that the callback is on stable storage: each distinct id is looked up and gets one outcome. A 4xx has no effect. After a 503, or "
                + "no answer, the callback counts whole or not at all: send it again. The content type is not looked at, unknown fields are ignored.")
            // With the second one routing refuses no other type, either.
            .Accepts<CallbackBody>(JsonType, "*/*")
            .WithMetadata(new ProducesResponseTypeMetadata(StatusCodes.Status202Accepted, typeof(AcknowledgementBody), [JsonType])
            {
                Description = "It is on stable storage. `received_at` becomes `last_seen` of what is found online; `objects` counts distinct ids.",
            })
            .Refuses(
                StatusCodes.Status400BadRequest, ProblemType.NotJson, ProblemType.NotAnObject, ProblemType.NoObjectIds, ProblemType.ObjectIdsTwice, ProblemType.NotAList,
                ProblemType.NotAnId, ProblemType.AmbiguousLength, ProblemType.BadRequest)
            .Refuses(StatusCodes.Status408RequestTimeout, ProblemType.BadRequest)
            .Refuses(StatusCodes.Status413PayloadTooLarge, ProblemType.BodyTooLarge)
            .Refuses(StatusCodes.Status415UnsupportedMediaType, ProblemType.ContentEncoding)
            .Refuses(StatusCodes.Status422UnprocessableEntity, ProblemType.TooManyIds)
            .Refuses(StatusCodes.Status503ServiceUnavailable, ProblemType.NotDurable);
        return app;
    }
}

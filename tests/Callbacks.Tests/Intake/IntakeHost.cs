using System.Net;
using Callbacks.Fixtures;
using Callbacks.Intake;
using Callbacks.Journal;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;

namespace Callbacks.Tests.Intake;

/// <summary>The stage as the service sets it up, on a real socket, with a fake log behind it.</summary>
sealed class IntakeHost : IAsyncDisposable
{
    readonly WebApplication _app;

    IntakeHost(WebApplication app) => _app = app;

    public IServiceProvider Services => _app.Services;
    public EndPoint EndPoint { get; private set; } = new IPEndPoint(IPAddress.Loopback, 0);

    /// <summary>
    /// With a <paramref name="handle"/> it accepts on that listening socket, given to Kestrel as one that the process was started with; the
    /// host owns it.
    /// </summary>
    public static async Task<IntakeHost> StartAsync(
        ICallbackLog log, string[]? args = null, TimeProvider? time = null, int? handle = null, Action<IServiceCollection>? services = null)
    {
        WebApplicationBuilder builder = WebApplication.CreateBuilder(["--urls", "http://127.0.0.1:0", .. args ?? []]);
        builder.Logging.ClearProviders();
        builder.Services.AddSingleton(log);
        if (time is not null)
            builder.Services.AddSingleton(time);

        builder.AddIntake();
        if (handle is not null)
            builder.Services.Configure<KestrelServerOptions>(kestrel => kestrel.ListenHandle((ulong)handle.Value));

        services?.Invoke(builder.Services);
        WebApplication app = builder.Build();
        app.MapIntake();
        IntakeHost host = new(app);
        await app.StartAsync();
        if (handle is null)
            host.EndPoint = new IPEndPoint(IPAddress.Loopback, new Uri(app.Urls.Single()).Port);

        return host;
    }

    public Task<RawClient> ConnectAsync() => RawClient.ConnectAsync(EndPoint);

    public Task StopAsync() => _app.StopAsync();

    public ValueTask DisposeAsync() => _app.DisposeAsync();
}

using System.Net;
using Microsoft.AspNetCore.Hosting.Server;
using Microsoft.AspNetCore.Hosting.Server.Features;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Microsoft.AspNetCore.Server.Kestrel.Transport.Sockets;
using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Options;

namespace Callbacks.Tester.Serve;

/// <summary>One life of a listening socket with its connections. It can't be opened again: another one is.</summary>
sealed class Listener : IAsyncDisposable
{
    // As many as the kernel allows (it caps this at net.core.somaxconn): thousands of lookups may connect at once.
    const int Backlog = 65_535;

    readonly KestrelServer _server;

    Listener(KestrelServer server) => _server = server;

    /// <summary>The address with the port that was really taken, where 0 was asked for.</summary>
    public Uri Address { get; private set; } = null!;

    /// <exception cref="IOException">The address is taken, or not this machine's.</exception>
    public static async Task<Listener> OpenAsync(Uri address, IHttpApplication<HttpContext> application)
    {
        var options = new KestrelServerOptions { AddServerHeader = false };
        // The upstream's patience is without limit; whoever tries a service finds out about the service's.
        options.Limits.MinResponseDataRate = null;
        options.Limits.MinRequestBodyDataRate = null;
        options.Limits.KeepAliveTimeout = TimeSpan.FromMinutes(10);
        if (address.IsLoopback && !IPAddress.TryParse(address.Host, out _))
            options.ListenLocalhost(address.Port);
        else
            options.Listen(IPAddress.TryParse(address.Host.Trim('[', ']'), out IPAddress? ip) ? ip : IPAddress.Any, address.Port);

        var transport = new SocketTransportFactory(
            Options.Create(new SocketTransportOptions { Backlog = Backlog }), NullLoggerFactory.Instance);
        var listener = new Listener(new KestrelServer(Options.Create(options), transport, NullLoggerFactory.Instance));
        try
        {
            await listener._server.StartAsync(application, CancellationToken.None);
        }
        catch
        {
            listener._server.Dispose();
            throw;
        }

        string taken = listener._server.Features.Get<IServerAddressesFeature>()!.Addresses.First();
        listener.Address = new UriBuilder(address) { Port = new Uri(taken).Port }.Uri;
        return listener;
    }

    /// <summary>Closes the socket and cuts every connection, without waiting for what is being answered.</summary>
    public async ValueTask DisposeAsync()
    {
        await _server.StopAsync(new CancellationToken(canceled: true));
        _server.Dispose();
    }
}

using Microsoft.AspNetCore.Server.Kestrel.Core;
using Microsoft.Extensions.Options;

namespace Callbacks.Intake;

/// <summary>What the server grants a client, each limit on purpose.</summary>
sealed class KestrelLimits(IOptions<IntakeOptions> options) : IConfigureOptions<KestrelServerOptions>
{
    const int ThrownAwayBytesMax = 16 << 20;

    public void Configure(KestrelServerOptions kestrel)
    {
        KestrelServerLimits limits = kestrel.Limits;
        // The second line: Connections accepts no more than that. Should it ever fail to, the server turns the rest away.
        limits.MaxConcurrentConnections = options.Value.ConnectionsMax;
        // Nothing here is upgraded to a protocol of its own.
        limits.MaxConcurrentUpgradedConnections = 0;
        // The callback endpoint has a limit of its own. What goes beyond it is read and thrown away, up to here and for 5 s, because who is still
        // sending when the connection closes never sees the answer that says why.
        limits.MaxRequestBodySize = options.Value.BodyBytesMax + ThrownAwayBytesMax;
        // The known sender posts every 5 s. Its connection must not end just when it posts: HTTP/1.1 can't tell it in time.
        limits.KeepAliveTimeout = TimeSpan.FromMinutes(5);
        // The known sender gives up after 1 s; who needs more than 5 s for some hundred bytes holds a place for nothing.
        limits.RequestHeadersTimeout = TimeSpan.FromSeconds(5);
        // A full body of 200 ids has some 2,000 bytes. Slower than this, after a start of 5 s, is not a sender but a hold-up.
        limits.MinRequestBodyDataRate = new MinDataRate(bytesPerSecond: 1024, gracePeriod: TimeSpan.FromSeconds(5));
        // For the lists of View: a reader this slow holds memory.
        limits.MinResponseDataRate = new MinDataRate(bytesPerSecond: 1024, gracePeriod: TimeSpan.FromSeconds(5));
        // No request of ours has a long query; proxies add some headers, never that many.
        limits.MaxRequestLineSize = 4 * 1024;
        limits.MaxRequestHeadersTotalSize = 16 * 1024;
        limits.MaxRequestHeaderCount = 64;

        kestrel.AddServerHeader = false;
        // Nothing blocks a thread on a socket.
        kestrel.AllowSynchronousIO = false;
        // HTTP/1.1 alone. Without TLS a client must know in advance that it may speak HTTP/2, the known sender doesn't, and a connection
        // of many streams would make a farce of a limit on connections. TLS belongs to whatever stands in front.
        kestrel.ConfigureEndpointDefaults(endpoint => endpoint.Protocols = HttpProtocols.Http1);
        kestrel.UseSystemd();
    }
}

using System.Net;
using System.Net.Sockets;
using Callbacks.Configuration;

namespace Callbacks.Intake;

/// <summary>Takes each address for an instant, to see whether it is free.</summary>
sealed class ListenCheck(IConfiguration configuration) : ICheck
{
    static readonly TimeSpan AnswerTimeout = TimeSpan.FromSeconds(2);

    public string Subject => "listen address";

    public async Task<CheckResult?> RunAsync(CancellationToken cancellationToken)
    {
        if (HeldSocket.IsGiven)
            return CheckResult.Ok("A listening socket was handed over (LISTEN_FDS).");
        var results = new List<CheckResult>();
        foreach ((_, string url) in ListenAddresses.Read(configuration))
            results.Add(await CheckAsync(url, BindingAddress.Parse(url), cancellationToken));
        return new CheckResult(results.TrueForAll(result => result.IsOk), string.Join(' ', results.Select(result => result.Text)));
    }

    static async Task<CheckResult> CheckAsync(string url, BindingAddress address, CancellationToken cancellationToken)
    {
        if (address.IsUnixPipe)
            return File.Exists(address.UnixPipePath) ? Failed($"{url} is there already. Stop what listens there, or remove it.") : CheckResult.Ok($"{url} is free.");
        foreach (IPAddress ip in AddressesOf(address))
        {
            try
            {
                using var socket = new Socket(ip.AddressFamily, SocketType.Stream, ProtocolType.Tcp);
                socket.Bind(new IPEndPoint(ip, address.Port));
            }
            catch (SocketException e) when (e.SocketErrorCode == SocketError.AddressAlreadyInUse)
            {
                return await IsServiceAsync(ip, address.Port, cancellationToken)
                    ? CheckResult.Ok($"{url} is held by a running service. Another one needs another address (--urls).")
                    : Failed($"{url} is taken by something else. Stop what listens there, or choose another address with --urls.");
            }
            catch (SocketException e) when (e.SocketErrorCode == SocketError.AddressNotAvailable && ip.Equals(IPAddress.IPv6Loopback))
            {
                // A machine without IPv6; the server does without it, too.
            }
            catch (SocketException e)
            {
                return Failed($"{url} can't be listened on: {e.Message}. Choose another address with --urls.");
            }
        }

        return CheckResult.Ok($"{url} is free.");

        static CheckResult Failed(string text) => CheckResult.Failed(text);
    }

    /// <summary>As the server understands a host: what is neither an address nor localhost is any address.</summary>
    static IPAddress[] AddressesOf(BindingAddress address)
    {
        if (address.Host.Equals("localhost", StringComparison.OrdinalIgnoreCase))
            return Socket.OSSupportsIPv6 ? [IPAddress.Loopback, IPAddress.IPv6Loopback] : [IPAddress.Loopback];
        if (IPAddress.TryParse(address.Host, out IPAddress? ip))
            return [ip];
        return Socket.OSSupportsIPv6 ? [IPAddress.IPv6Any, IPAddress.Any] : [IPAddress.Any];
    }

    static async Task<bool> IsServiceAsync(IPAddress ip, int port, CancellationToken cancellationToken)
    {
        if (ip.Equals(IPAddress.Any))
            ip = IPAddress.Loopback;
        else if (ip.Equals(IPAddress.IPv6Any))
            ip = IPAddress.IPv6Loopback;
        using var client = new HttpClient(new SocketsHttpHandler { UseProxy = false, AllowAutoRedirect = false }) { Timeout = AnswerTimeout, MaxResponseContentBufferSize = 4096 };
        try
        {
            string answer = await client.GetStringAsync(new Uri($"http://{new IPEndPoint(ip, port)}/livez"), cancellationToken);
            return answer.Contains("\"alive\"", StringComparison.Ordinal);
        }
        catch (Exception exception) when (exception is HttpRequestException || (exception is OperationCanceledException && !cancellationToken.IsCancellationRequested))
        {
            return false;
        }
    }
}

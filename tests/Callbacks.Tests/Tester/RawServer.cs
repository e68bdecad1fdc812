using System.Net;
using System.Net.Sockets;
using System.Text;

namespace Callbacks.Tests.Tester;

/// <summary>
/// Reads whole requests off raw connections and leaves what to do with each to the test: an answer's bytes, or null to close.
/// </summary>
sealed class RawServer : IAsyncDisposable
{
    readonly TcpListener _listener = new(IPAddress.Loopback, 0);
    readonly CancellationTokenSource _stopping = new();
    readonly Func<int, Task<string?>> _answer;
    readonly List<Task> _connections = [];
    Task _accepting = Task.CompletedTask;
    int _requests;

    RawServer(Func<int, Task<string?>> answer) => _answer = answer;

    public int Requests => _requests;

    public int Connections { get; private set; }

    public Uri Address => new($"http://127.0.0.1:{((IPEndPoint)_listener.LocalEndpoint).Port}/");

    /// <param name="answer">Given the request's number, from 1 on.</param>
    public static RawServer Start(Func<int, Task<string?>> answer)
    {
        var server = new RawServer(answer);
        server._listener.Start();
        server._accepting = server.AcceptAsync();
        return server;
    }

    public static string Accepted(int number)
    {
        string body = $$"""{"id":"t-{{number}}","received_at":"2026-01-01T00:00:00.{{number:000000}}Z","objects":1}""";
        return $"HTTP/1.1 202 Accepted\r\nContent-Length: {body.Length}\r\n\r\n{body}";
    }

    public async ValueTask DisposeAsync()
    {
        await _stopping.CancelAsync();
        _listener.Stop();
        await _accepting;
        await Task.WhenAll(_connections);
        _stopping.Dispose();
    }

    async Task AcceptAsync()
    {
        while (!_stopping.IsCancellationRequested)
        {
            try
            {
                TcpClient connection = await _listener.AcceptTcpClientAsync(_stopping.Token);
                Connections++;
                _connections.Add(ServeAsync(connection));
            }
            catch (Exception exception) when (exception is OperationCanceledException or SocketException)
            {
                return;
            }
        }
    }

    async Task ServeAsync(TcpClient connection)
    {
        using TcpClient _ = connection;
        var received = new StringBuilder();
        byte[] buffer = new byte[64 * 1024];
        try
        {
            while (true)
            {
                int read = await connection.GetStream().ReadAsync(buffer, _stopping.Token);
                if (read == 0)
                    return;
                received.Append(Encoding.ASCII.GetString(buffer, 0, read));
                // A callback's body ends in the only "]}" there is.
                if (!received.ToString().EndsWith("]}", StringComparison.Ordinal))
                    continue;
                received.Clear();
                if (await _answer(Interlocked.Increment(ref _requests)) is not { } answer)
                    return;
                await connection.GetStream().WriteAsync(Encoding.ASCII.GetBytes(answer), _stopping.Token);
            }
        }
        catch (Exception exception) when (exception is OperationCanceledException or IOException)
        {
        }
    }
}

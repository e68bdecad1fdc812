using System.Buffers.Text;
using System.Net;
using System.Net.Sockets;
using System.Text;

namespace Callbacks.Bench.Bare;

/// <summary>
/// Answers <c>GET /objects/{id}</c> at once, an even id being online, with sockets and nothing else: on a machine that measures asker and
/// asked together, the asked should be the lesser part.
/// </summary>
static class BareUpstream
{
    const int Backlog = 65_535;
    const int RequestBytesMax = 4096;

    public static async Task<int> RunAsync(int port)
    {
        using var listener = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
        listener.Bind(new IPEndPoint(IPAddress.Loopback, port));
        listener.Listen(Backlog);
        // Until this process is ended.
        while (true)
            _ = ServeAsync(await listener.AcceptAsync());
    }

    static async Task ServeAsync(Socket socket)
    {
        using Socket connection = socket;
        connection.NoDelay = true;
        byte[] request = new byte[RequestBytesMax], answer = new byte[256];
        int length = 0;
        try
        {
            while (length < RequestBytesMax)
            {
                int read = await connection.ReceiveAsync(request.AsMemory(length));
                if (read == 0)
                    return;
                length += read;
                // Nobody asks a second time before the answer.
                if (!request.AsSpan(0, length).EndsWith("\r\n\r\n"u8))
                    continue;
                await connection.SendAsync(answer.AsMemory(0, Answer(request.AsSpan(0, length), answer)));
                length = 0;
            }
        }
        catch (SocketException)
        {
            // The asker went away.
        }
    }

    static int Answer(ReadOnlySpan<byte> request, Span<byte> answer)
    {
        ReadOnlySpan<byte> start = "GET /objects/"u8;
        if (!request.StartsWith(start) || !Utf8Parser.TryParse(request[start.Length..], out long id, out _))
            return Encoding.ASCII.GetBytes("HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\n\r\n", answer);
        string body = $$"""{"id":{{id}},"online":{{((id & 1) == 0 ? "true" : "false")}}}""";
        return Encoding.ASCII.GetBytes($"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: {body.Length}\r\n\r\n{body}", answer);
    }
}

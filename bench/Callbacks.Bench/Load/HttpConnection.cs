using System.Buffers.Text;
using System.Net;
using System.Net.Sockets;

namespace Callbacks.Bench.Load;

/// <summary>One kept-alive connection that posts prepared bytes and reads the status: a sender that takes little of the machine it measures.</summary>
sealed class HttpConnection(Uri url) : IDisposable
{
    const int AnswerBytesMax = 8192;

    readonly byte[] _buffer = new byte[AnswerBytesMax];
    Socket? _socket;

    /// <summary>The status of the answer, or 0 when there was none.</summary>
    public async Task<int> SendAsync(ReadOnlyMemory<byte> request, CancellationToken stop)
    {
        try
        {
            _socket ??= await ConnectAsync(stop);
            for (int sent = 0; sent < request.Length;)
                sent += await _socket.SendAsync(request[sent..], stop);
            return await ReceiveAsync(_socket, stop);
        }
        catch (SocketException)
        {
            Dispose();
            return 0;
        }
    }

    public void Dispose()
    {
        _socket?.Dispose();
        _socket = null;
    }

    async Task<Socket> ConnectAsync(CancellationToken stop)
    {
        var socket = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp) { NoDelay = true };
        try
        {
            await socket.ConnectAsync(new IPEndPoint(IPAddress.Loopback, url.Port), stop);
            return socket;
        }
        catch
        {
            socket.Dispose();
            throw;
        }
    }

    async Task<int> ReceiveAsync(Socket socket, CancellationToken stop)
    {
        int length = 0;
        while (true)
        {
            int read = await socket.ReceiveAsync(_buffer.AsMemory(length), stop);
            if (read == 0)
            {
                Dispose();
                return 0;
            }

            length += read;
            if (TryReadWhole(_buffer.AsSpan(0, length), out int status))
                return status;
            if (length == AnswerBytesMax)
                throw new InvalidDataException("An answer is larger than any of the service's.");
        }
    }

    static bool TryReadWhole(ReadOnlySpan<byte> answer, out int status)
    {
        status = 0;
        int head = answer.IndexOf("\r\n\r\n"u8);
        if (head < 0)
            return false;
        int at = answer[..head].IndexOf("Content-Length: "u8);
        int body = 0;
        if (at >= 0 && !Utf8Parser.TryParse(answer[(at + "Content-Length: ".Length)..], out body, out _))
            return false;
        // "HTTP/1.1 202 ..."
        return answer.Length >= head + 4 + body && Utf8Parser.TryParse(answer["HTTP/1.1 ".Length..], out status, out _);
    }
}

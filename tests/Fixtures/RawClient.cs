using System.Globalization;
using System.Net;
using System.Net.Sockets;
using System.Text;

namespace Callbacks.Fixtures;

sealed record Answer(int Status, string Head, string Body)
{
    public bool Closes => Head.Contains("\r\nConnection: close\r\n", StringComparison.Ordinal);
}

/// <summary>Sends bytes as they are and reads answers as they come; a client library would mend what these tests break.</summary>
sealed class RawClient : IDisposable
{
    static readonly TimeSpan Deadline = TimeSpan.FromSeconds(30);

    readonly Socket _socket = new(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp) { NoDelay = true };
    readonly List<byte> _received = [];

    public static async Task<RawClient> ConnectAsync(EndPoint to)
    {
        RawClient client = new();
        await client._socket.ConnectAsync(to);
        return client;
    }

    public static string Post(string body, string headers = "") =>
        $"POST /callback HTTP/1.1\r\nHost: localhost\r\nContent-Length: {Encoding.UTF8.GetByteCount(body)}\r\n{headers}\r\n{body}";

    public Task SendAsync(string text) => SendAsync(Encoding.UTF8.GetBytes(text));

    public async Task SendAsync(ReadOnlyMemory<byte> bytes)
    {
        while (bytes.Length > 0)
            bytes = bytes[await _socket.SendAsync(bytes)..];
    }

    public void FinishSending() => _socket.Shutdown(SocketShutdown.Send);

    /// <summary>Closes with a reset instead of an orderly end.</summary>
    public void Reset() => _socket.Close(0);

    public async Task<Answer> PostAsync(string body, string headers = "")
    {
        await SendAsync(Post(body, headers));
        return await ReadAnswerAsync() ?? throw new IOException("The connection ended without an answer.");
    }

    /// <returns>The next answer, or null if the connection ended before its first byte.</returns>
    public async Task<Answer?> ReadAnswerAsync()
    {
        int headEnd;
        while ((headEnd = Text().IndexOf("\r\n\r\n", StringComparison.Ordinal)) < 0)
        {
            if (!await ReceiveAsync())
                return _received.Count == 0 ? null : throw new IOException($"Half an answer: {Text()}");
        }

        string head = Text()[..(headEnd + 4)];
        int length = 0;
        foreach (string line in head.Split("\r\n"))
        {
            if (line.StartsWith("Content-Length: ", StringComparison.OrdinalIgnoreCase))
                length = int.Parse(line.AsSpan(16), NumberStyles.None, CultureInfo.InvariantCulture);
        }

        while (_received.Count < head.Length + length)
        {
            if (!await ReceiveAsync())
                throw new IOException($"Half an answer: {Text()}");
        }

        string body = Text().Substring(head.Length, length);
        _received.RemoveRange(0, head.Length + length);
        int status = int.Parse(head.AsSpan(9, 3), NumberStyles.None, CultureInfo.InvariantCulture);
        return new Answer(status, head, body);
    }

    /// <summary>Whether the server has closed the connection and sent nothing more before it.</summary>
    public async Task<bool> IsClosedAsync() => _received.Count == 0 && !await ReceiveAsync();

    public async Task<byte[]> ReadToEndAsync()
    {
        while (await ReceiveAsync())
        {
        }

        return [.. _received];
    }

    string Text() => Encoding.Latin1.GetString([.. _received]);

    async Task<bool> ReceiveAsync()
    {
        byte[] buffer = new byte[4096];
        using CancellationTokenSource deadline = new(Deadline);
        try
        {
            int count = await _socket.ReceiveAsync(buffer, deadline.Token);
            _received.AddRange(buffer.AsSpan(0, count));
            return count > 0;
        }
        catch (SocketException exception) when (exception.SocketErrorCode is SocketError.ConnectionReset or SocketError.Shutdown)
        {
            return false;
        }
    }

    public void Dispose() => _socket.Dispose();
}

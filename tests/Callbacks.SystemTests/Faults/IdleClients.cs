using System.Net;
using System.Net.Sockets;
using System.Text;

namespace Callbacks.SystemTests.Faults;

/// <summary>Connections that hold a place for nothing.</summary>
sealed class IdleClients(Uri url) : IDisposable
{
    readonly List<Socket> _sockets = [];

    /// <param name="count">How many more.</param>
    /// <param name="each">After each one.</param>
    /// <param name="start">What each one says, if anything.</param>
    public async Task OpenAsync(int count, TimeSpan each, string start = "")
    {
        byte[] bytes = Encoding.ASCII.GetBytes(start);
        for (int i = 0; i < count; i++)
        {
            var socket = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
            _sockets.Add(socket);
            await socket.ConnectAsync(IPAddress.Loopback, url.Port);
            if (bytes.Length > 0)
                await socket.SendAsync(bytes);
            if (each > TimeSpan.Zero)
                await Task.Delay(each, TimeProvider.System);
        }
    }

    public void Dispose() => _sockets.ForEach(socket => socket.Dispose());
}

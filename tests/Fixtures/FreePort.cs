using System.Net;
using System.Net.Sockets;

namespace Callbacks.Fixtures;

static class FreePort
{
    // Below Linux' range for outgoing connections, so that none of them takes the port while a server of ours is down.
    const int LowestPort = 21_000;
    const int Ports = 10_000;

    static int _count;

    /// <summary>A port of 127.0.0.1 and ::1 that nobody has, and that no other caller in this process gets.</summary>
    public static int Take()
    {
        for (int i = 0; i < Ports; i++)
        {
            int port = LowestPort + (Environment.ProcessId * 3701 + Interlocked.Increment(ref _count)) % Ports;
            if (IsFree(IPAddress.Loopback, port) && (!Socket.OSSupportsIPv6 || IsFree(IPAddress.IPv6Loopback, port)))
                return port;
        }

        throw new InvalidOperationException("No port is free.");
    }

    static bool IsFree(IPAddress address, int port)
    {
        using var socket = new Socket(address.AddressFamily, SocketType.Stream, ProtocolType.Tcp);
        try
        {
            socket.Bind(new IPEndPoint(address, port));
            return true;
        }
        catch (SocketException e)
        {
            return e.SocketErrorCode == SocketError.AddressNotAvailable;
        }
    }
}

using System.ComponentModel;
using System.Net;
using System.Net.Sockets;
using System.Runtime.InteropServices;

namespace Callbacks.Local;

/// <summary>
/// A listening socket on <c>localhost</c> that outlives the process which accepts from it: while that is restarted, the kernel
/// completes connections and keeps them waiting, so none is refused.
/// </summary>
sealed class HeldSocket : IDisposable
{
    /// <summary>Where the receiver of passed sockets looks for the first of them (<c>sd_listen_fds(3)</c>).</summary>
    public const int FirstDescriptor = 3;

    // Passed descriptors are copied to 3 and up one after the other; from here on none of them can be overwritten before its turn.
    const int LowestOwnDescriptor = 64;

    const int BacklogMax = 4096;

    readonly List<Socket> _sockets = [];
    readonly List<SafeSocketHandle> _handles = [];

    HeldSocket()
    {
    }

    /// <summary>127.0.0.1, and ::1 where there is one: which of the two "localhost" means is up to the client.</summary>
    public IReadOnlyList<int> Descriptors => [.. _handles.Select(handle => (int)handle.DangerousGetHandle())];

    public int Port { get; private set; }

    /// <summary>0 takes any free port.</summary>
    /// <exception cref="SocketException">The port is taken (<see cref="SocketError.AddressAlreadyInUse"/>).</exception>
    public static HeldSocket Listen(int port)
    {
        var held = new HeldSocket { Port = port };
        try
        {
            held.Listen(IPAddress.Loopback);
            if (Socket.OSSupportsIPv6)
                held.Listen(IPAddress.IPv6Loopback);
            return held;
        }
        catch (SocketException e) when (e.SocketErrorCode == SocketError.AddressNotAvailable && held._sockets.Count > 0)
        {
            return held;
        }
        catch
        {
            held.Dispose();
            throw;
        }
    }

    public void Dispose()
    {
        foreach (SafeSocketHandle handle in _handles)
            handle.Dispose();
        foreach (Socket socket in _sockets)
            socket.Dispose();
    }

    void Listen(IPAddress address)
    {
        var socket = new Socket(address.AddressFamily, SocketType.Stream, ProtocolType.Tcp);
        try
        {
            if (address.AddressFamily == AddressFamily.InterNetworkV6)
                socket.DualMode = false;
            socket.Bind(new IPEndPoint(address, Port));
            socket.Listen(BacklogMax);
        }
        catch
        {
            socket.Dispose();
            throw;
        }

        _sockets.Add(socket);
        Port = ((IPEndPoint)socket.LocalEndPoint!).Port;
        int copy = Libc.Control((int)socket.Handle, Libc.DuplicateAtLeastAndCloseOnExec, LowestOwnDescriptor);
        if (copy < 0)
            throw new Win32Exception(Marshal.GetLastPInvokeError());
        _handles.Add(new SafeSocketHandle(copy, ownsHandle: true));
    }
}

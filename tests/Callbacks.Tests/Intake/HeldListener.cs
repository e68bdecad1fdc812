using System.Net;
using System.Net.Sockets;
using System.Runtime.InteropServices;

namespace Callbacks.Tests.Intake;

/// <summary>A listening socket that outlives the servers on it, as systemd holds one.</summary>
sealed partial class HeldListener : IDisposable
{
    readonly Socket _socket = new(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);

    public HeldListener()
    {
        _socket.Bind(new IPEndPoint(IPAddress.Loopback, 0));
        _socket.Listen(4096);
    }

    public EndPoint EndPoint => _socket.LocalEndPoint!;

    /// <summary>
    /// A descriptor for one server, which closes it. Made by a plain dup, it is not close-on-exec, like one that a process is started
    /// with: by that flag the runtime knows a socket that others share, and doesn't disconnect it when it closes.
    /// </summary>
    public int Hand()
    {
        int handle = Duplicate((int)_socket.Handle);
        Assert.True(handle >= 0);
        return handle;
    }

    [LibraryImport("libc", EntryPoint = "dup", SetLastError = true)]
    private static partial int Duplicate(int handle);

    public void Dispose() => _socket.Dispose();
}

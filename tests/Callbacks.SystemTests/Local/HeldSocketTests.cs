using System.Net;
using System.Net.Sockets;
using Callbacks.Local;

namespace Callbacks.SystemTests.Local;

public sealed class HeldSocketTests
{
    [Fact]
    public async Task A_connection_is_taken_while_nobody_accepts()
    {
        using HeldSocket held = HeldSocket.Listen(0);
        foreach (IPAddress address in new[] { IPAddress.Loopback, IPAddress.IPv6Loopback }.Take(held.Descriptors.Count))
        {
            using var client = new TcpClient(address.AddressFamily);
            await client.ConnectAsync(address, held.Port);
            Assert.True(client.Connected);
        }
    }

    [Fact]
    public void A_port_that_is_taken_on_one_of_the_two_addresses_is_taken()
    {
        using HeldSocket first = HeldSocket.Listen(0);
        SocketException error = Assert.Throws<SocketException>(() => HeldSocket.Listen(first.Port));
        Assert.Equal(SocketError.AddressAlreadyInUse, error.SocketErrorCode);
    }
}

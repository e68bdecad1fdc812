using System.Net;
using Microsoft.AspNetCore.Connections;
using Microsoft.AspNetCore.Server.Kestrel.Transport.Sockets;

namespace Callbacks.Intake;

/// <summary>
/// The socket transport behind a gate that can be shut without closing a connection. Kestrel's own stop shuts and closes in one go, and so
/// closes on a client whose connection it has just accepted and whose request is still on its way.
/// </summary>
sealed class GatedTransport(SocketTransportFactory sockets, Connections connections) : IConnectionListenerFactory
{
    readonly List<GatedListener> _listeners = [];

    public async ValueTask<IConnectionListener> BindAsync(EndPoint endpoint, CancellationToken cancellationToken = default)
    {
        GatedListener listener = new(await sockets.BindAsync(endpoint, cancellationToken), connections);
        lock (_listeners)
            _listeners.Add(listener);

        return listener;
    }

    /// <summary>
    /// Accepts nothing more. When it completes, each connection that the kernel has handed to this process is among
    /// <see cref="Connections"/>; the others wait in the kernel's queue for the next process that holds the socket.
    /// </summary>
    public async Task ShutAsync()
    {
        GatedListener[] listeners;
        lock (_listeners)
            listeners = [.. _listeners];

        connections.StopAdmitting();
        foreach (GatedListener listener in listeners)
            await listener.UnbindAsync();

        foreach (GatedListener listener in listeners)
            await listener.Ended;
    }
}

/// <summary>Accepts when there is a place, and says when it has accepted its last.</summary>
sealed class GatedListener(IConnectionListener inner, Connections connections) : IConnectionListener
{
    readonly TaskCompletionSource _ended = new(TaskCreationOptions.RunContinuationsAsynchronously);

    public EndPoint EndPoint => inner.EndPoint;

    /// <summary>Completes when nothing more will be accepted. The server calls <see cref="AcceptAsync"/> until it says so.</summary>
    public Task Ended => _ended.Task;

    public async ValueTask<ConnectionContext?> AcceptAsync(CancellationToken cancellationToken = default)
    {
        if (await connections.TakePlaceAsync())
        {
            // Closing the listening socket ends a pending accept, but not one that has its connection already: that one is still returned.
            ConnectionContext? accepted = await inner.AcceptAsync(cancellationToken);
            if (accepted is not null)
                return connections.Add(accepted);

            connections.ReturnPlace();
        }

        _ended.TrySetResult();
        return null;
    }

    public ValueTask UnbindAsync(CancellationToken cancellationToken = default) => inner.UnbindAsync(cancellationToken);

    public ValueTask DisposeAsync() => inner.DisposeAsync();
}

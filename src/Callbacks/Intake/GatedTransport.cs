using System.Net;
using Callbacks.Telemetry;
using Microsoft.AspNetCore.Connections;
using Microsoft.AspNetCore.Server.Kestrel.Transport.Sockets;

namespace Callbacks.Intake;

/// <summary>
/// The socket transport behind a gate that can be shut without closing a connection. Kestrel's own stop shuts and closes in one go, and so
/// closes on a client whose connection it has just accepted and whose request is still on its way.
/// </summary>
sealed class GatedTransport(SocketTransportFactory sockets, Connections connections, TimeProvider time, ILogger<GatedTransport> logger) : IConnectionListenerFactory
{
    readonly List<GatedListener> _listeners = [];

    public async ValueTask<IConnectionListener> BindAsync(EndPoint endpoint, CancellationToken cancellationToken = default)
    {
        GatedListener listener = new(await sockets.BindAsync(endpoint, cancellationToken), connections, time, logger);
        lock (_listeners)
            _listeners.Add(listener);

        return listener;
    }

    /// <summary>
    /// Accepts nothing more. When it completes, each connection that the kernel has handed to this process is among
    /// <see cref="Connections"/>; the others wait in the kernel's queue for the next process that holds the socket.
    /// </summary>
    public async Task ShutAsync(CancellationToken cancellationToken)
    {
        GatedListener[] listeners;
        lock (_listeners)
            listeners = [.. _listeners];

        connections.StopAdmitting();
        foreach (GatedListener listener in listeners)
            await listener.UnbindAsync(cancellationToken);

        foreach (GatedListener listener in listeners)
            await listener.Ended.WaitAsync(cancellationToken);
    }
}

/// <summary>Accepts when there is a place, and says when it has accepted its last.</summary>
sealed partial class GatedListener(IConnectionListener inner, Connections connections, TimeProvider time, ILogger logger) : IConnectionListener
{
    static readonly TimeSpan FailureWait = TimeSpan.FromSeconds(1);

    readonly Outage _outage = new(time);
    readonly TaskCompletionSource _ended = new(TaskCreationOptions.RunContinuationsAsynchronously);

    public EndPoint EndPoint => inner.EndPoint;

    /// <summary>Completes when nothing more will be accepted. The server calls <see cref="AcceptAsync"/> until it says so.</summary>
    public Task Ended => _ended.Task;

    /// <summary>The server takes an exception for the end of the listener, and nobody would be accepted any more: whatever fails is tried again.</summary>
    public async ValueTask<ConnectionContext?> AcceptAsync(CancellationToken cancellationToken = default)
    {
        while (true)
        {
            try
            {
                ConnectionContext? accepted = await AcceptOneAsync(cancellationToken);
                if (accepted is null)
                    _ended.TrySetResult();
                if (_outage.Ends(out TimeSpan lasted))
                    LogAcceptsAgain(inner.EndPoint, lasted.TotalSeconds);
                return accepted;
            }
            catch (Exception exception) when (exception is not (OperationCanceledException or ObjectDisposedException))
            {
                if (_outage.Begins())
                    LogAcceptFailed(exception, inner.EndPoint);
                await Task.Delay(FailureWait, time, cancellationToken);
            }
        }
    }

    async ValueTask<ConnectionContext?> AcceptOneAsync(CancellationToken cancellationToken)
    {
        bool hasPlace = await connections.TakePlaceAsync();
        ConnectionContext? accepted = null;
        try
        {
            // Closing the listening socket ends a pending accept, but not one that has its connection already: that one is still returned.
            if (hasPlace)
                accepted = await inner.AcceptAsync(cancellationToken);

            return accepted is null ? null : connections.Add(accepted);
        }
        finally
        {
            if (accepted is null && hasPlace)
                connections.ReturnPlace();
        }
    }

    public ValueTask UnbindAsync(CancellationToken cancellationToken = default) => inner.UnbindAsync(cancellationToken);

    public ValueTask DisposeAsync() => inner.DisposeAsync();

    [LoggerMessage(Level = LogLevel.Error, Message = "No connection could be accepted on {Address}, which is tried again every second.")]
    partial void LogAcceptFailed(Exception exception, EndPoint address);

    [LoggerMessage(Level = LogLevel.Information, Message = "Connections are accepted again on {Address}, after {Seconds:F1} s.")]
    partial void LogAcceptsAgain(EndPoint address, double seconds);
}

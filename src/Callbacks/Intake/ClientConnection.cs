using System.IO.Pipelines;
using System.Net;
using Microsoft.AspNetCore.Connections;
using Microsoft.AspNetCore.Connections.Features;
using Microsoft.AspNetCore.Http.Features;

namespace Callbacks.Intake;

/// <summary>
/// One accepted connection: the transport's own, and when it was last used. It is known from the moment of its acceptance, before any
/// code of the server runs for it, and until its socket is closed, after all code of the server has run.
/// </summary>
sealed class ClientConnection : ConnectionContext
{
    readonly ConnectionContext _inner;
    readonly Connections _connections;
    long _usedAt;
    bool _hasRequest;
    int _disposed;

    public ClientConnection(ConnectionContext inner, Connections connections, long acceptedAt)
    {
        _inner = inner;
        _connections = connections;
        _usedAt = acceptedAt;
        inner.Features.Set(this);
    }

    /// <summary>When its last request started, or when it was accepted: a timestamp of the <see cref="TimeProvider"/>.</summary>
    public long UsedAt => Volatile.Read(ref _usedAt);

    /// <summary>No request has started on it: whoever opened it is about to send one.</summary>
    public bool IsFresh => !Volatile.Read(ref _hasRequest);

    /// <summary>Where it stands in the list of <see cref="Connections"/>; guarded by the lock there.</summary>
    public int Index { get; set; }

    /// <summary>A stop waits for it to end; guarded by the lock of <see cref="Connections"/>.</summary>
    public bool IsAwaited { get; set; }

    /// <summary>Two plain writes to an object that no other connection shares: this runs for every request.</summary>
    public void OnRequest(long now)
    {
        Volatile.Write(ref _usedAt, now);
        Volatile.Write(ref _hasRequest, true);
    }

    /// <summary>Ends it now if it is idle, else after the answer to the request under way; never cuts one off.</summary>
    public void RequestClose() => Features.Get<IConnectionLifetimeNotificationFeature>()?.RequestClose();

    public override string ConnectionId { get => _inner.ConnectionId; set => _inner.ConnectionId = value; }
    public override IFeatureCollection Features => _inner.Features;
    public override IDictionary<object, object?> Items { get => _inner.Items; set => _inner.Items = value; }
    public override IDuplexPipe Transport { get => _inner.Transport; set => _inner.Transport = value; }
    public override CancellationToken ConnectionClosed { get => _inner.ConnectionClosed; set => _inner.ConnectionClosed = value; }
    public override EndPoint? LocalEndPoint { get => _inner.LocalEndPoint; set => _inner.LocalEndPoint = value; }
    public override EndPoint? RemoteEndPoint { get => _inner.RemoteEndPoint; set => _inner.RemoteEndPoint = value; }
    public override void Abort() => _inner.Abort();
    public override void Abort(ConnectionAbortedException abortReason) => _inner.Abort(abortReason);

    public override async ValueTask DisposeAsync()
    {
        try
        {
            await _inner.DisposeAsync();
        }
        finally
        {
            if (Interlocked.Exchange(ref _disposed, 1) == 0)
                _connections.Remove(this);
            await base.DisposeAsync();
        }
    }
}

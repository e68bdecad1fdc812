using System.Net;
using Callbacks.Intake;
using Callbacks.Tests.Support;
using Microsoft.AspNetCore.Connections;
using Microsoft.AspNetCore.Connections.Features;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;

namespace Callbacks.Tests.Intake;

/// <summary>G6: the server takes an exception from a listener for its end.</summary>
public sealed class GatedListenerTests : IDisposable
{
    const int ConnectionsMax = 64;

    readonly ManualTime _time = new();
    readonly LogLines<GatedTransport> _log = new();
    readonly Connections _connections;

    public GatedListenerTests() => _connections = new Connections(Options.Create(new IntakeOptions { ConnectionsMax = ConnectionsMax }), _time);

    public void Dispose() => _connections.Dispose();

    [Fact]
    public async Task Whatever_fails_it_accepts_again_a_second_later_and_says_so_once()
    {
        var sockets = new Sockets { Failures = 2 };
        await using var listener = new GatedListener(sockets, _connections, _time, _log);
        ConnectionContext? accepted = await listener.AcceptAsync();
        Assert.NotNull(accepted);
        Assert.Equal(1, _log.Count(LogLevel.Error));
        Assert.True(_log.Contains("Connections are accepted again on"));
        Assert.False(listener.Ended.IsCompleted);
        // None of those that failed holds a place.
        for (int i = 1; i < ConnectionsMax; i++)
            Assert.NotNull(await listener.AcceptAsync());
        sockets.IsUnbound = true;
        await accepted.DisposeAsync();
        Assert.Null(await listener.AcceptAsync());
        Assert.True(listener.Ended.IsCompleted);
    }

    [Fact]
    public async Task Room_is_made_while_requests_come_on_all_connections()
    {
        await using var listener = new GatedListener(new Sockets(), _connections, _time, _log);
        _time.Advance(TimeSpan.FromHours(1));
        var open = new ClientConnection[ConnectionsMax];
        for (int i = 0; i < ConnectionsMax; i++)
            open[i] = (ClientConnection)(await listener.AcceptAsync())!;
        using var enough = new CancellationTokenSource();
        long now = _time.GetTimestamp();
        // All of them have been idle for more than a second, and for another time each time one looks.
        Task requests = Task.Run(() =>
        {
            var random = new Random(1);
            while (!enough.IsCancellationRequested)
                Volatile.Read(ref open[random.Next(ConnectionsMax)]).OnRequest(now - random.NextInt64(now));
        });

        _time.Advance(TimeSpan.FromHours(1));
        for (int i = 0; i < 20_000; i++)
        {
            var newcomer = (ClientConnection)(await listener.AcceptAsync())!;
            newcomer.OnRequest(1);
            Volatile.Write(ref open[i % ConnectionsMax], newcomer);
        }

        await enough.CancelAsync();
        await requests;
        Assert.Empty(_log.From(LogLevel.Error));
    }

    /// <summary>A socket that always has somebody waiting, who leaves as soon as it is asked for.</summary>
    sealed class Sockets : IConnectionListener
    {
        public int Failures { get; set; }
        public bool IsUnbound { get; set; }
        public EndPoint EndPoint { get; } = new IPEndPoint(IPAddress.Loopback, 9090);

        public ValueTask<ConnectionContext?> AcceptAsync(CancellationToken cancellationToken = default)
        {
            if (Failures-- > 0)
                throw new InvalidOperationException("Nobody has thought of this one.");
            var accepted = new DefaultConnectionContext();
            accepted.Features.Set<IConnectionLifetimeNotificationFeature>(new Leaving(accepted));
            return ValueTask.FromResult<ConnectionContext?>(IsUnbound ? null : accepted);
        }

        public ValueTask UnbindAsync(CancellationToken cancellationToken = default) => ValueTask.CompletedTask;

        public ValueTask DisposeAsync() => ValueTask.CompletedTask;
    }

    sealed class Leaving(ConnectionContext connection) : IConnectionLifetimeNotificationFeature
    {
        public CancellationToken ConnectionClosedRequested { get; set; }

        public void RequestClose() => Assert.True(connection.Features.Get<ClientConnection>()!.DisposeAsync().AsTask().IsCompletedSuccessfully);
    }
}

using System.Net;
using System.Net.Sockets;

namespace Callbacks.Fixtures;

/// <summary>
/// Stands between client and server. Told to, it hands a request on and cuts the connection instead of handing the answer back,
/// hands answers back late, or holds everything back, as a server does that was stopped.
/// </summary>
sealed class CuttingProxy : IAsyncDisposable
{
    readonly TcpListener _listener = new(IPAddress.Loopback, 0);
    readonly CancellationTokenSource _stop = new();
    readonly int _serverPort;
    readonly Task _accepting;
    int _cuts;
    volatile TaskCompletionSource? _hang;

    public CuttingProxy(int serverPort)
    {
        _serverPort = serverPort;
        _listener.Start();
        Port = ((IPEndPoint)_listener.LocalEndpoint).Port;
        _accepting = AcceptAsync();
    }

    public int Port { get; }

    /// <summary>How many answers were withheld.</summary>
    public int Cuts => Volatile.Read(ref _cuts);

    /// <summary>Cuts when an answer to a request that holds this text begins. Null: never.</summary>
    public string? CutAnswerTo { get; set; }

    /// <summary>Cuts each connection on which something is asked, before it reaches the server, as if the server were gone.</summary>
    public bool IsAway { get; set; }

    /// <summary>How late each piece of an answer is handed back.</summary>
    public TimeSpan Delay { get; set; }

    public bool Hangs
    {
        get => _hang is not null;
        set
        {
            TaskCompletionSource? ended = _hang;
            _hang = value ? new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously) : null;
            ended?.TrySetResult();
        }
    }

    public async ValueTask DisposeAsync()
    {
        await _stop.CancelAsync();
        _listener.Stop();
        await _accepting;
        _stop.Dispose();
    }

    async Task AcceptAsync()
    {
        var connections = new List<Task>();
        try
        {
            while (true)
                connections.Add(ForwardAsync(await _listener.AcceptTcpClientAsync(_stop.Token)));
        }
        catch (Exception e) when (e is OperationCanceledException or SocketException or ObjectDisposedException)
        {
            await Task.WhenAll(connections);
        }
    }

    async Task ForwardAsync(TcpClient client)
    {
        using (client)
        using (var server = new TcpClient())
        using (var either = CancellationTokenSource.CreateLinkedTokenSource(_stop.Token))
        {
            try
            {
                await server.ConnectAsync(IPAddress.Loopback, _serverPort, either.Token);
                bool isArmed = false;
                Task up = PumpAsync(client, server, () => TimeSpan.Zero, bytes =>
                {
                    if (CutAnswerTo is { } text && bytes.Span.IndexOf(System.Text.Encoding.ASCII.GetBytes(text)) >= 0)
                        isArmed = true;
                    return !IsAway;
                }, either.Token);
                Task down = PumpAsync(server, client, () => Delay, _ =>
                {
                    if (!isArmed || CutAnswerTo is null)
                        return true;
                    Interlocked.Increment(ref _cuts);
                    return false;
                }, either.Token);
                await Task.WhenAny(up, down);
                await either.CancelAsync();
                await Task.WhenAll(up, down);
            }
            catch (Exception e) when (e is OperationCanceledException or SocketException or IOException or ObjectDisposedException)
            {
                // Cut, by us or by one of them.
            }
        }
    }

    async Task PumpAsync(TcpClient from, TcpClient to, Func<TimeSpan> delay, Func<ReadOnlyMemory<byte>, bool> mayPass, CancellationToken cancellationToken)
    {
        byte[] buffer = new byte[64 * 1024];
        while (true)
        {
            int count = await from.GetStream().ReadAsync(buffer, cancellationToken);
            if (count == 0 || !mayPass(buffer.AsMemory(0, count)))
                return;
            if (_hang is { } hang)
                await hang.Task.WaitAsync(cancellationToken);
            if (delay() is var late && late > TimeSpan.Zero)
                await Task.Delay(late, TimeProvider.System, cancellationToken);
            await to.GetStream().WriteAsync(buffer.AsMemory(0, count), cancellationToken);
        }
    }
}

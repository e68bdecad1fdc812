using Microsoft.AspNetCore.Connections;
using Microsoft.Extensions.Options;

namespace Callbacks.Intake;

/// <summary>
/// All open connections. It keeps their number at the limit without turning anybody away: whoever comes on top waits in the kernel's
/// queue while idle connections are closed or, if none is idle, every answer closes its own. And it lets a stop wait for
/// exactly those connections from which a request may be under way. A request touches only its own connection; the lock is for
/// opening, closing, making room and stopping.
/// </summary>
sealed class Connections(IOptions<IntakeOptions> options, TimeProvider time) : IDisposable
{
    /// <summary>
    /// A connection used within this time may have its next request on the way: it isn't closed to make room, and a stop waits for it.
    /// </summary>
    static readonly TimeSpan Recently = TimeSpan.FromSeconds(1);

    /// <summary>An idle connection is closed in a fraction of a millisecond; one that isn't is in use.</summary>
    static readonly TimeSpan OneCloseMax = TimeSpan.FromMilliseconds(10);

    readonly int _max = options.Value.ConnectionsMax;
    readonly SemaphoreSlim _places = new(options.Value.ConnectionsMax);
    readonly CancellationTokenSource _stopping = new();
    readonly CancellationTokenSource _cutting = new();
    readonly Lock _lock = new();
    readonly List<ClientConnection> _open = [];
    TaskCompletionSource _awaitedGone = new(TaskCreationOptions.RunContinuationsAsynchronously);
    int _awaited;
    int _reasonsToClose;

    /// <summary>Answers carry <c>Connection: close</c>: a stop is under way, or all places are taken by connections in use.</summary>
    public bool MustClose => Volatile.Read(ref _reasonsToClose) != 0;

    /// <summary>Cancelled when a stop waits no longer for the rest of a request's body.</summary>
    public CancellationToken Cut => _cutting.Token;

    public int Count
    {
        get
        {
            lock (_lock)
                return _open.Count;
        }
    }

    /// <summary>Takes a place for a connection about to be accepted, and makes room if there is none.</summary>
    /// <returns>False if a stop began instead.</returns>
    public async ValueTask<bool> TakePlaceAsync()
    {
        if (_stopping.IsCancellationRequested)
            return false;

        if (_places.Wait(0))
            return true;

        bool isCrowded = false;
        try
        {
            bool found = CloseIdle();
            while (true)
            {
                // Nobody is idle, or was not really: those in use take turns then.
                if (!found && !isCrowded)
                {
                    isCrowded = true;
                    Interlocked.Increment(ref _reasonsToClose);
                }

                // Woken by the first place that becomes free; if none does, more connections have become idle by then.
                if (await _places.WaitAsync(Recently, _stopping.Token))
                    return true;

                CloseIdle();
                found = false;
            }
        }
        catch (OperationCanceledException) when (_stopping.IsCancellationRequested)
        {
            return false;
        }
        finally
        {
            if (isCrowded)
                Interlocked.Decrement(ref _reasonsToClose);
        }
    }

    /// <summary>Gives back a place for which no connection came.</summary>
    public void ReturnPlace() => _places.Release();

    public ClientConnection Add(ConnectionContext accepted)
    {
        ClientConnection connection = new(accepted, this, time.GetTimestamp());
        lock (_lock)
        {
            connection.Index = _open.Count;
            _open.Add(connection);
        }

        return connection;
    }

    public void Remove(ClientConnection connection)
    {
        lock (_lock)
        {
            ClientConnection last = _open[^1];
            _open[connection.Index] = last;
            last.Index = connection.Index;
            _open.RemoveAt(_open.Count - 1);
            if (connection.IsAwaited && --_awaited == 0)
                _awaitedGone.TrySetResult();
        }

        _places.Release();
    }

    /// <summary>No place is given out any more.</summary>
    public void StopAdmitting() => _stopping.Cancel();

    /// <summary>Ends the requests whose bodies have not come: none of them has counted, and the next process can't begin before they are gone.</summary>
    public void CutUnread() => _cutting.Cancel();

    /// <summary>From now on every answer closes its connection.</summary>
    public void CloseWithAnswers() => Interlocked.Increment(ref _reasonsToClose);

    /// <summary>
    /// Waits until the recently used connections, or only the fresh ones among them, are gone, or until the time is over.
    /// </summary>
    /// <returns>How many of them are still open.</returns>
    public Task<int> AwaitAsync(bool onlyFresh, TimeSpan timeout, CancellationToken cancellationToken) => AwaitAsync(
        connection => (connection.IsFresh || !onlyFresh) && time.GetElapsedTime(connection.UsedAt) < Recently, timeout, cancellationToken);

    /// <summary>
    /// Closes one connection after the other, each when the one before is gone: a request that arrives while its connection is being closed
    /// gets no answer, and to close hundreds at once makes that moment milliseconds long for each. What is in use is not waited for.
    /// </summary>
    public async Task CloseOneByOneAsync(TimeSpan timeout, CancellationToken cancellationToken)
    {
        long start = time.GetTimestamp();
        foreach (ClientConnection connection in Open())
        {
            if (time.GetElapsedTime(start) >= timeout)
                return;
            connection.RequestClose();
            await AwaitAsync(other => other == connection, OneCloseMax, cancellationToken);
        }
    }

    /// <summary>Closes all that is left, each after its answer, and cuts off those that take longer than the time: an answer that nobody reads has no end.</summary>
    /// <returns>How many were cut off.</returns>
    public async Task<int> CloseRestAsync(TimeSpan timeout, CancellationToken cancellationToken)
    {
        foreach (ClientConnection connection in Open())
            connection.RequestClose();
        await AwaitAsync(_ => true, timeout, cancellationToken);
        ClientConnection[] unread = Open();
        foreach (ClientConnection connection in unread)
            connection.Abort(new ConnectionAbortedException("The service stops, and its answer isn't read."));
        return unread.Length;
    }

    ClientConnection[] Open()
    {
        lock (_lock)
            return [.. _open];
    }

    async Task<int> AwaitAsync(Predicate<ClientConnection> isAwaited, TimeSpan timeout, CancellationToken cancellationToken)
    {
        Task gone;
        lock (_lock)
        {
            _awaited = 0;
            _awaitedGone = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
            gone = _awaitedGone.Task;
            foreach (ClientConnection connection in _open)
            {
                connection.IsAwaited = isAwaited(connection);
                if (connection.IsAwaited)
                    _awaited++;
            }

            if (_awaited == 0)
                return 0;
        }

        try
        {
            await gone.WaitAsync(timeout, time, cancellationToken);
        }
        catch (Exception exception) when (exception is TimeoutException or OperationCanceledException)
        {
            // What is still open is the caller's to count.
        }

        lock (_lock)
            return _awaited;
    }

    /// <summary>
    /// Closes the longest idle connections, a sixteenth of all at a time, so that a row of newcomers costs one search and not one each.
    /// Those that never sent a request go first, and alone: a client that keeps its connection between callbacks may be about to send
    /// the next one, and a crowd that says nothing must not cost it that.
    /// </summary>
    /// <returns>Whether there were any.</returns>
    bool CloseIdle()
    {
        // Copied, for requests change them meanwhile, and sorting by what changes is an exception.
        List<(long UsedAt, ClientConnection Connection)> idle;
        lock (_lock)
            idle = [.. _open.Select(connection => (connection.UsedAt, connection)).Where(used => time.GetElapsedTime(used.UsedAt) >= Recently)];

        if (idle.Exists(used => used.Connection.IsFresh))
            idle.RemoveAll(used => !used.Connection.IsFresh);

        idle.Sort((left, right) => left.UsedAt.CompareTo(right.UsedAt));
        foreach ((_, ClientConnection connection) in idle.Take(_max / 16 + 1))
            connection.RequestClose();

        return idle.Count > 0;
    }

    public void Dispose()
    {
        _places.Dispose();
        _stopping.Dispose();
        _cutting.Dispose();
    }
}

using System.Collections.Concurrent;
using System.Threading.Tasks.Sources;
using Callbacks.Time;

namespace Callbacks.Journal.Log;

/// <summary>
/// One caller waiting for its callback to be durable. Completed once: by the writer, or by whoever refuses what takes
/// too long. Pooled, unless refused: the writer may still hold on to a refused one.
/// </summary>
sealed class PendingAppend : IValueTaskSource<Receipt>
{
    static readonly ConcurrentQueue<PendingAppend> Pool = new();
    static int _pooled;
    const int PooledMax = 4096;

    // The caller goes on on the thread pool: the writer's thread has the next group to write.
    ManualResetValueTaskSourceCore<Receipt> _core = new() { RunContinuationsAsynchronously = true };
    int _completed;
    bool _mayBePooled;

    public ulong Number { get; private set; }
    public Instant ReceivedAt { get; private set; }
    public bool IsCompleted => Volatile.Read(ref _completed) != 0;

    public static PendingAppend Rent(ulong number, Instant receivedAt)
    {
        if (Pool.TryDequeue(out PendingAppend? append))
            Interlocked.Decrement(ref _pooled);
        else
            append = new PendingAppend();
        append.Number = number;
        append.ReceivedAt = receivedAt;
        return append;
    }

    public ValueTask<Receipt> Task => new(this, _core.Version);

    /// <summary>The writer's word, which is its last for this append.</summary>
    public void Complete(bool isDurable)
    {
        if (Interlocked.Exchange(ref _completed, 1) != 0)
            return;
        _mayBePooled = true;
        _core.SetResult(new Receipt(isDurable, Number, ReceivedAt));
    }

    /// <summary>It takes too long: false when it was completed before.</summary>
    public bool TryRefuse()
    {
        if (Interlocked.Exchange(ref _completed, 1) != 0)
            return false;
        _core.SetResult(new Receipt(IsDurable: false, Number, ReceivedAt));
        return true;
    }

    public Receipt GetResult(short token)
    {
        Receipt receipt = _core.GetResult(token);
        if (_mayBePooled && Interlocked.Increment(ref _pooled) <= PooledMax)
        {
            _core.Reset();
            _mayBePooled = false;
            Volatile.Write(ref _completed, 0);
            Pool.Enqueue(this);
        }
        else if (_mayBePooled)
        {
            Interlocked.Decrement(ref _pooled);
        }

        return receipt;
    }

    public ValueTaskSourceStatus GetStatus(short token) => _core.GetStatus(token);

    public void OnCompleted(Action<object?> continuation, object? state, short token, ValueTaskSourceOnCompletedFlags flags) =>
        _core.OnCompleted(continuation, state, token, flags);
}

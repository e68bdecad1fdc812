using System.Collections.Concurrent;
using Callbacks.Journal;
using Callbacks.Time;

namespace Callbacks.Tests.Intake;

/// <summary>A log that keeps what it is given, and is durable, refuses, fails or takes its time to order.</summary>
sealed class FakeLog : ICallbackLog
{
    readonly ServiceTime _time = new(TimeProvider.System);
    long _number;

    public ConcurrentQueue<long[]> Appended { get; } = new();
    public bool IsDurable { get; set; } = true;
    public Exception? Throws { get; set; }

    /// <summary>An append waits for this.</summary>
    public Func<Task>? Delay { get; set; }

    public uint Tag => 0x00f3_9c21;

    public ValueTask<Receipt> AppendAsync(ReadOnlySpan<long> ids)
    {
        if (Throws is not null)
            throw Throws;

        Appended.Enqueue(ids.ToArray());
        Receipt receipt = new(IsDurable, (ulong)Interlocked.Increment(ref _number), _time.Now);
        return Delay is null ? ValueTask.FromResult(receipt) : AfterAsync(Delay(), receipt);
    }

    static async ValueTask<Receipt> AfterAsync(Task delay, Receipt receipt)
    {
        await delay;
        return receipt;
    }
}

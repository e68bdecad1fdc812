using System.Threading.Channels;
using Callbacks.Bench.Framework;

namespace Callbacks.Bench.Load;

/// <summary>
/// Sends at a steady rate, whatever becomes of it: the n-th callback is due n / rate seconds after the start, and its latency counts from
/// then, so that a late answer neither delays the next callback nor hides how late that is.
/// </summary>
sealed class OpenLoop(Uri url, double callbacksPerSecond, int connections, Func<long, byte[]> request)
{
    static readonly TimeSpan Tick = TimeSpan.FromMilliseconds(1);
    static readonly TimeSpan Patience = TimeSpan.FromSeconds(10);

    readonly Channel<(long Number, long Due)> _due = Channel.CreateUnbounded<(long, long)>(new UnboundedChannelOptions { SingleWriter = true });
    long _accepted;
    long _refused;
    long _others;

    public Latencies Latencies { get; } = new();

    /// <summary>Latencies count from here on: what comes first finds cold code.</summary>
    public TimeSpan Warmup { get; init; }

    public long Sent { get; private set; }

    /// <summary>Answered 202.</summary>
    public long Accepted => Interlocked.Read(ref _accepted);

    /// <summary>
    /// Every callback was answered 202, or that side is worth nothing. A smoke run has to do with a machine that is full: a group may not be on disk in time there, which
    /// is a 503.
    /// </summary>
    public void RequireAnswers(SideResult result, BenchContext context)
    {
        long refused = Interlocked.Read(ref _refused), others = Interlocked.Read(ref _others);
        bool isExcused = context.IsSmoke && refused <= Accepted;
        result.Require(others == 0 && (refused == 0 || isExcused), $"{refused + others} callbacks were not answered 202");
    }

    public async Task RunAsync(TimeSpan duration, CancellationToken stop)
    {
        TimeProvider time = BenchContext.Time;
        using var patience = CancellationTokenSource.CreateLinkedTokenSource(stop);
        Task[] senders = [.. Enumerable.Range(0, connections).Select(_ => Task.Run(() => SendAsync(patience.Token), stop))];
        long start = time.GetTimestamp();
        double perTimestamp = callbacksPerSecond / time.TimestampFrequency;
        long total = (long)(callbacksPerSecond * duration.TotalSeconds);
        long warm = start + (long)(Warmup.TotalSeconds * time.TimestampFrequency);
        while (Sent < total)
        {
            long due = Math.Min(total, (long)((time.GetTimestamp() - start) * perTimestamp) + 1);
            for (; Sent < due; Sent++)
            {
                long at = start + (long)(Sent / perTimestamp);
                // Zero: not to be counted.
                _due.Writer.TryWrite((Sent, at >= warm ? at : 0));
            }

            await BenchContext.WaitAsync(Tick, stop);
        }

        _due.Writer.Complete();
        patience.CancelAfter(Patience);
        await Task.WhenAll(senders);
    }

    async Task SendAsync(CancellationToken stop)
    {
        using var connection = new HttpConnection(url);
        try
        {
            await foreach ((long number, long due) in _due.Reader.ReadAllAsync(stop))
            {
                int status = await connection.SendAsync(request(number), stop);
                if (due != 0)
                    Latencies.Add(BenchContext.Time.GetElapsedTime(due));
                Interlocked.Increment(ref status == 202 ? ref _accepted : ref status == 503 ? ref _refused : ref _others);
            }
        }
        catch (OperationCanceledException)
        {
            // Whoever stops all of it needs no answer; a sender that ran out of patience counts as unanswered.
            Interlocked.Increment(ref _others);
        }
    }
}

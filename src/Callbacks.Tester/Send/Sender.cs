using System.Collections.Concurrent;
using Callbacks.Tester.Records;

namespace Callbacks.Tester.Send;

/// <summary>Sends callbacks at a steady rate, whatever becomes of them, and records each.</summary>
sealed class Sender(SendPlan plan, CallbackClient client, RecordWriter<PostRecord>? ledger, TimeProvider time)
{
    public SendSummary Summary { get; } = new(time);

    /// <summary>
    /// Until the duration is over or <paramref name="stopping"/> is cancelled; then waits for what is under way, which its patience bounds.
    /// </summary>
    public async Task RunAsync(CancellationToken stopping)
    {
        var random = new Random(plan.Seed);
        var running = new ConcurrentDictionary<Task, bool>();
        long start = time.GetTimestamp();
        for (long number = 0; !stopping.IsCancellationRequested; number++)
        {
            TimeSpan due = TimeSpan.FromSeconds(number / plan.Rate);
            if (due >= plan.Duration)
                break;

            TimeSpan wait = due - time.GetElapsedTime(start);
            if (wait > TimeSpan.Zero)
            {
                await Task.Delay(wait, time, stopping).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
                if (stopping.IsCancellationRequested)
                    break;
            }

            // Drawn here, on one thread, so that a seed sends the same callbacks again. Task.Run keeps a slow start from delaying the next.
            long[] ids = Draw(random);
            Summary.Begin();
            Task post = Task.Run(() => PostAsync(ids), CancellationToken.None);
            running.TryAdd(post, true);
            _ = post.ContinueWith(done => running.TryRemove(done, out _), TaskScheduler.Default);
            if (ledger is { Completion.IsFaulted: true })
                break;
        }

        await Task.WhenAll(running.Keys);
    }

    async Task PostAsync(long[] ids)
    {
        PostRecord post = await client.PostAsync(ids);
        if (ledger is not null)
            await ledger.WriteAsync(post);
        Summary.End(post);
    }

    long[] Draw(Random random)
    {
        long[] ids = new long[plan.IdsPerCallback.Draw(random)];
        for (int index = 0; index < ids.Length; index++)
            ids[index] = plan.Ids.Draw(random);
        return ids;
    }
}

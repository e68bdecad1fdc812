namespace Callbacks.Store;

/// <summary>
/// How we stop waiting for PostgreSQL. A slow statement is ended by the server (<c>statement_timeout</c>); a server that hangs is
/// left alone, with its connection, until it goes on or TCP gives it up, and pools have a few connections more for that.
/// <para>
/// Not by Npgsql's timeouts and cancellation: those send a cancel request and wait, in a blocking read without limit, for the
/// server to close that connection. A stopped server never does, and each such wait would take a thread from the whole service.
/// </para>
/// </summary>
static class Patience
{
    /// <summary>The work goes on when it is given up: what it uses must not be used again.</summary>
    /// <exception cref="TimeoutException">It was given up after <paramref name="limit"/>.</exception>
    public static async Task<T> GiveUpAfterAsync<T>(this Task<T> work, TimeSpan limit, TimeProvider time, CancellationToken cancellationToken)
    {
        try
        {
            return await work.WaitAsync(limit, time, cancellationToken);
        }
        catch (TimeoutException e) when (!work.IsCompleted)
        {
            Ignore(work);
            throw new TimeoutException($"PostgreSQL did not answer within {limit.TotalSeconds:F1} s.", e);
        }
        catch (OperationCanceledException)
        {
            Ignore(work);
            throw;
        }
    }

    public static Task GiveUpAfterAsync(this Task work, TimeSpan limit, TimeProvider time, CancellationToken cancellationToken)
    {
        return AsResult(work).GiveUpAfterAsync(limit, time, cancellationToken);

        static async Task<bool> AsResult(Task work)
        {
            await work;
            return true;
        }
    }

    // Nobody will look at how it ends.
    static void Ignore(Task work) => _ = work.ContinueWith(
        static ended => _ = ended.Exception, CancellationToken.None, TaskContinuationOptions.ExecuteSynchronously, TaskScheduler.Default);
}

namespace Callbacks.SystemTests.Acceptance;

/// <summary>Waiting for what another process shows only when asked, with a deadline.</summary>
static class Eventually
{
    static readonly TimeSpan Every = TimeSpan.FromMilliseconds(50);

    // A machine that stands still takes longer for a round, and that is not what is waited for.
    static readonly TimeSpan RoundMax = TimeSpan.FromSeconds(1.5);

    /// <param name="condition">Asked until it is true; failures to connect are a no.</param>
    /// <param name="deadline">From now.</param>
    /// <param name="what">Said when it doesn't come true.</param>
    public static async Task TrueAsync(Func<Task<bool>> condition, TimeSpan deadline, Func<string> what)
    {
        TimeProvider time = TimeProvider.System;
        TimeSpan waited = TimeSpan.Zero;
        while (true)
        {
            long round = time.GetTimestamp();
            bool isLast = waited > deadline;
            try
            {
                if (await condition())
                    return;
            }
            catch (Exception e) when (e is HttpRequestException or TaskCanceledException or Npgsql.NpgsqlException)
            {
                // Not there yet.
            }

            if (isLast)
                throw new TimeoutException($"Not within {deadline.TotalSeconds} s: {what()}");
            await Task.Delay(Every, time);
            TimeSpan took = time.GetElapsedTime(round);
            waited += took < RoundMax ? took : RoundMax;
        }
    }
}

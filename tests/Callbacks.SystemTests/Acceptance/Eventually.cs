namespace Callbacks.SystemTests.Acceptance;

/// <summary>Waiting for what another process shows only when asked, with a deadline.</summary>
static class Eventually
{
    static readonly TimeSpan Every = TimeSpan.FromMilliseconds(50);

    /// <param name="condition">Asked until it is true; failures to connect are a no.</param>
    /// <param name="deadline">From now.</param>
    /// <param name="what">Said when it doesn't come true.</param>
    public static async Task TrueAsync(Func<Task<bool>> condition, TimeSpan deadline, Func<string> what)
    {
        TimeProvider time = TimeProvider.System;
        long start = time.GetTimestamp();
        while (true)
        {
            try
            {
                if (await condition())
                    return;
            }
            catch (Exception e) when (e is HttpRequestException or TaskCanceledException or Npgsql.NpgsqlException)
            {
                // Not there yet.
            }

            if (time.GetElapsedTime(start) > deadline)
                throw new TimeoutException($"Not within {deadline.TotalSeconds} s: {what()}");
            await Task.Delay(Every, time);
        }
    }
}

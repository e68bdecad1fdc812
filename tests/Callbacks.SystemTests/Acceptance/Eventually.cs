using System.Net;

namespace Callbacks.SystemTests.Acceptance;

/// <summary>Waiting for what another process shows only when asked, with a deadline.</summary>
static class Eventually
{
    static readonly TimeSpan Every = TimeSpan.FromMilliseconds(50);

    // A machine that stands still takes longer for a round, and that is not what is waited for.
    static readonly TimeSpan RoundMax = TimeSpan.FromSeconds(1.5);

    /// <summary>
    /// Where everything else runs beside it PostgreSQL or the disk may take too long for one answer, which is a 503 that most tests are not about: it is asked again.
    /// </summary>
    /// <param name="ask">Asked until it is in time.</param>
    /// <param name="deadline">From now.</param>
    /// <param name="isLateExpected">503 is what is asked for.</param>
    public static async Task<HttpResponseMessage> AnsweredInTimeAsync(Func<Task<HttpResponseMessage>> ask, TimeSpan deadline, bool isLateExpected = false)
    {
        HttpResponseMessage? response = null;
        await TrueAsync(
            async () =>
            {
                response?.Dispose();
                response = await ask();
                return isLateExpected || response.StatusCode != HttpStatusCode.ServiceUnavailable;
            },
            deadline, () => $"something else than {response?.StatusCode} is answered");
        return response!;
    }

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

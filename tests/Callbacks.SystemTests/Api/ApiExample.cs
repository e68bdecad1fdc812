using System.Net;
using System.Net.Http.Json;
using System.Text.Json;

namespace Callbacks.SystemTests.Api;

/// <summary>The C# of docs/api.md, compiled; <see cref="ApiExamplesTests"/> sees to it that both are the same text.</summary>
static class ApiExample
{
    public static Task<string> RunAsync(HttpClient service, long[] ids, CancellationToken stop) => SendAsync(service, ids, stop);

    static async Task<string> SendAsync(HttpClient service, long[] ids, CancellationToken stop)
    {
        while (true)
        {
            TimeSpan wait = TimeSpan.FromSeconds(1);
            try
            {
                using HttpResponseMessage response = await service.PostAsJsonAsync("callback", new { object_ids = ids }, stop);
                if (response.StatusCode == HttpStatusCode.Accepted)
                    return (await response.Content.ReadFromJsonAsync<JsonElement>(stop)).GetProperty("id").GetString()!;

                if ((int)response.StatusCode is < 500 and not 408)
                    throw new ArgumentException($"{(int)response.StatusCode}: {await response.Content.ReadAsStringAsync(stop)}", nameof(ids));

                wait = response.Headers.RetryAfter?.Delta ?? wait;
            }
            catch (Exception e) when (e is HttpRequestException || (e is TaskCanceledException && !stop.IsCancellationRequested))
            {
                // No answer: nobody knows whether it arrived, and once more does no harm.
            }

            await Task.Delay(wait, stop);
        }
    }
}

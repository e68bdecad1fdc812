using System.Net;
using System.Text.Json;

namespace Callbacks.Journal.Tools.Salvaging;

/// <summary>
/// Sends one callback until it is accepted. A service that can't (503, no connection, no answer) is asked again with growing pauses; a
/// callback that was accepted without the answer coming through is then accepted twice, which does no harm.
/// </summary>
sealed class CallbackPoster(Uri url, TimeProvider time, Random random) : IDisposable
{
    static readonly TimeSpan AnswerTimeout = TimeSpan.FromSeconds(5);
    static readonly TimeSpan FirstPause = TimeSpan.FromMilliseconds(250);
    static readonly TimeSpan LongestPause = TimeSpan.FromSeconds(5);

    /// <summary>Longer than any restart; then a person should look.</summary>
    static readonly TimeSpan Patience = TimeSpan.FromMinutes(2);

    readonly HttpClient _client = new(new SocketsHttpHandler { UseProxy = false, AllowAutoRedirect = false }) { Timeout = AnswerTimeout };

    /// <summary>Returns the id that the service gave it.</summary>
    /// <exception cref="ToolException">It is refused for good, or nothing was accepted for two minutes.</exception>
    public async Task<string> PostAsync(ReadOnlyMemory<long> ids, CancellationToken stopping)
    {
        byte[] body = JsonSerializer.SerializeToUtf8Bytes(new Dictionary<string, ReadOnlyMemory<long>>(StringComparer.Ordinal) { ["object_ids"] = ids });
        long start = time.GetTimestamp();
        for (TimeSpan pause = FirstPause; ; pause = pause * 2 < LongestPause ? pause * 2 : LongestPause)
        {
            (string? id, string? problem, TimeSpan? retryAfter) = await TryPostAsync(body, stopping);
            if (id is not null)
                return id;
            if (time.GetElapsedTime(start) > Patience)
                throw new ToolException($"Given up after {Patience.TotalMinutes:0} minutes: {problem}");
            TimeSpan wait = retryAfter is { } asked && asked < LongestPause ? asked : pause * random.NextDouble();
            await Task.Delay(wait, time, stopping);
        }
    }

    public void Dispose() => _client.Dispose();

    async Task<(string? Id, string? Problem, TimeSpan? RetryAfter)> TryPostAsync(byte[] body, CancellationToken stopping)
    {
        try
        {
            using var content = new ByteArrayContent(body);
            content.Headers.ContentType = new("application/json");
            using HttpResponseMessage response = await _client.PostAsync(url, content, stopping);
            string text = await response.Content.ReadAsStringAsync(stopping);
            if (response.StatusCode == HttpStatusCode.Accepted)
                return (IdIn(text), null, null);
            if (response.StatusCode is HttpStatusCode.ServiceUnavailable or HttpStatusCode.TooManyRequests)
                return (null, $"{url} answers {(int)response.StatusCode}.", response.Headers.RetryAfter?.Delta);
            throw new ToolException($"{url} refuses it with {(int)response.StatusCode}: {text}");
        }
        catch (HttpRequestException exception)
        {
            return (null, exception.Message, null);
        }
        catch (OperationCanceledException) when (!stopping.IsCancellationRequested)
        {
            return (null, $"{url} does not answer within {AnswerTimeout.TotalSeconds:0} s.", null);
        }
    }

    string IdIn(string answer)
    {
        try
        {
            using var json = JsonDocument.Parse(answer);
            return json.RootElement.GetProperty("id").GetString()!;
        }
        catch (Exception exception) when (exception is JsonException or KeyNotFoundException or InvalidOperationException)
        {
            throw new ToolException($"{url} is no callback service: it answers 202 with '{answer}'.");
        }
    }
}

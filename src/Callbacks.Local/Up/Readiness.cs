using System.Net;
using System.Text.Json;

namespace Callbacks.Local.Up;

/// <summary>Follows <c>/readyz</c> and says what changes.</summary>
sealed class Readiness(Uri readyz, Terminal terminal, TimeProvider time) : IDisposable
{
    const int ShownCharsMax = 300;

    static readonly TimeSpan EveryUntilReady = TimeSpan.FromMilliseconds(100);
    static readonly TimeSpan Every = TimeSpan.FromSeconds(1);

    readonly TaskCompletionSource _first = new(TaskCreationOptions.RunContinuationsAsynchronously);
    readonly HttpClient _client = new(new SocketsHttpHandler { UseProxy = false, AllowAutoRedirect = false }) { Timeout = TimeSpan.FromSeconds(2) };
    string? _shown;

    /// <summary>Completes when the service is ready for the first time.</summary>
    public Task First => _first.Task;

    public async Task FollowAsync(CancellationToken stopping)
    {
        while (true)
        {
            await RunOnceAsync(stopping);
            await Task.Delay(First.IsCompleted ? Every : EveryUntilReady, time, stopping);
        }
    }

    public void Dispose() => _client.Dispose();

    async Task RunOnceAsync(CancellationToken stopping)
    {
        bool ready;
        string state;
        try
        {
            using HttpResponseMessage response = await _client.GetAsync(readyz, stopping);
            ready = response.StatusCode == HttpStatusCode.OK;
            state = Summarize(await response.Content.ReadAsStringAsync(stopping));
        }
        catch (Exception e) when (e is HttpRequestException or OperationCanceledException && !stopping.IsCancellationRequested)
        {
            // While it starts it doesn't answer, which is no news.
            if (!First.IsCompleted)
                return;
            ready = false;
            state = "not answering.";
        }

        // Figures change all the time; a change of words is news.
        string words = ready + string.Concat(state.Where(c => !char.IsAsciiDigit(c)));
        if (string.Equals(words, _shown, StringComparison.Ordinal))
            return;
        bool isFirst = _shown is null;
        _shown = words;
        if (!(isFirst && ready))
            terminal.Say($"The service is {state[..Math.Min(state.Length, ShownCharsMax)]}");
        if (ready)
            _first.TrySetResult();
    }

    // {"status":"ready, degraded","reasons":["..."]}, or a problem whose "status" is a number.
    static string Summarize(string body)
    {
        try
        {
            using JsonDocument document = JsonDocument.Parse(body);
            JsonElement said = document.RootElement.GetProperty("status");
            string? status = said.ValueKind == JsonValueKind.String ? said.GetString() : "not ready";
            string reasons = string.Join(' ', document.RootElement.GetProperty("reasons").EnumerateArray().Select(reason => reason.GetString()));
            return $"{status}. {reasons}".TrimEnd();
        }
        catch (Exception e) when (e is JsonException or KeyNotFoundException or InvalidOperationException)
        {
            return body.ReplaceLineEndings(" ").Trim();
        }
    }
}

using System.Net.Sockets;
using System.Text.Json;
using Callbacks.Tester.Records;

namespace Callbacks.Tester.Send;

/// <summary>Sends one callback once, and says honestly what became of it. Never throws for what the service does.</summary>
sealed class CallbackClient : IDisposable
{
    const int AnswerBytesMax = 64 * 1024;

    readonly HttpClient _client;
    readonly Uri _target;
    readonly bool _fresh;
    readonly TimeProvider _time;

    public CallbackClient(SendPlan plan, TimeProvider time)
    {
        var handler = new SocketsHttpHandler
        {
            AllowAutoRedirect = false,
            UseProxy = false,
            UseCookies = false,
            MaxConnectionsPerServer = plan.FreshConnections ? int.MaxValue : plan.ConnectionsMax,
            PooledConnectionLifetime = plan.FreshConnections ? TimeSpan.Zero : Timeout.InfiniteTimeSpan,
            // Kept as long as the server keeps them: that a kept-alive connection may close under a request is part of the trial.
            PooledConnectionIdleTimeout = plan.FreshConnections ? TimeSpan.Zero : Timeout.InfiniteTimeSpan,
        };
        _client = new HttpClient(handler) { Timeout = plan.Patience, MaxResponseContentBufferSize = AnswerBytesMax };
        _target = new Uri(plan.Url, "callback");
        _fresh = plan.FreshConnections;
        _time = time;
    }

    public async Task<PostRecord> PostAsync(long[] ids)
    {
        using var request = new HttpRequestMessage(HttpMethod.Post, _target) { Content = new OnceContent(Body(ids)) };
        request.Headers.ConnectionClose = _fresh;
        long start = Moment.Now(_time);
        var record = new PostRecord(start, start, PostOutcome.Other, 0, 0, "", ids);
        try
        {
            using HttpResponseMessage response = await _client.SendAsync(request, HttpCompletionOption.ResponseContentRead, CancellationToken.None);
            byte[] answer = await response.Content.ReadAsByteArrayAsync();
            (string callbackId, long receivedAt) = response.IsSuccessStatusCode ? Read(answer) : ("", 0);
            record = record with
            {
                Outcome = PostOutcome.Answered,
                Status = (ushort)response.StatusCode,
                CallbackId = callbackId,
                ReceivedAt = receivedAt,
            };
        }
        catch (OperationCanceledException)
        {
            // No token is passed in, so this can only be the patience.
            record = record with { Outcome = PostOutcome.Timeout };
        }
        catch (HttpRequestException exception)
        {
            record = record with { Outcome = OutcomeOf(exception) };
        }
        catch (InvalidOperationException)
        {
            record = record with { Outcome = PostOutcome.Closed };
        }

        return record with { SendEnd = Moment.Now(_time) };
    }

    public void Dispose() => _client.Dispose();

    static PostOutcome OutcomeOf(HttpRequestException exception) => exception switch
    {
        // Nothing was sent where there was no connection.
        { HttpRequestError: HttpRequestError.ConnectionError or HttpRequestError.NameResolutionError } => PostOutcome.Refused,
        { HttpRequestError: HttpRequestError.ResponseEnded } => PostOutcome.Closed,
        { InnerException: IOException or SocketException or InvalidOperationException } => PostOutcome.Closed,
        _ => PostOutcome.Other,
    };

    static byte[] Body(long[] ids)
    {
        using var stream = new MemoryStream(24 + ids.Length * 8);
        using (var writer = new Utf8JsonWriter(stream))
        {
            writer.WriteStartObject();
            writer.WriteStartArray("object_ids"u8);
            foreach (long id in ids)
                writer.WriteNumberValue(id);
            writer.WriteEndArray();
            writer.WriteEndObject();
        }

        return stream.ToArray();
    }

    /// <summary>Empty and 0 where the body isn't what a 202's should be; the judge makes something of that.</summary>
    static (string CallbackId, long ReceivedAt) Read(byte[] answer)
    {
        try
        {
            using var body = JsonDocument.Parse(answer);
            string callbackId = body.RootElement.GetProperty("id").GetString() ?? "";
            return callbackId.Length > 85 ? ("", 0) : (callbackId, Moment.From(body.RootElement.GetProperty("received_at").GetDateTimeOffset()));
        }
        catch (Exception exception) when (exception is JsonException or KeyNotFoundException or InvalidOperationException or FormatException)
        {
            return ("", 0);
        }
    }
}

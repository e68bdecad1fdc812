using System.Buffers;
using System.Diagnostics;
using System.Globalization;
using System.Net;
using System.Runtime.CompilerServices;
using Callbacks.Journal.Pending;
using Callbacks.Telemetry;

namespace Callbacks.Lookup;

/// <summary>What one lookup came to: an answer, or a failure and perhaps how long the upstream asks to be left alone.</summary>
readonly record struct LookupResult(LookupAnswer Answer, LookupFailure Failure, TimeSpan? RetryAfter)
{
    public bool IsAnswer => Failure == LookupFailure.None;

    public static LookupResult Of(LookupAnswer answer) => new(answer, LookupFailure.None, null);

    public static LookupResult Failed(LookupFailure failure, TimeSpan? retryAfter = null) => new(default, failure, retryAfter);
}

/// <summary>The service that is asked for objects' states, over HTTP/1.1. Everything it sends is untrusted.</summary>
sealed class Upstream : IDisposable
{
    readonly HttpMessageInvoker _http;
    readonly string _prefix;
    readonly TimeProvider _clock;
    long _connectionsOpened;

    /// <param name="telemetry">Whether lookups are traced; null: they are not.</param>
    public Upstream(LookupOptions options, TimeProvider clock, TelemetryOptions? telemetry = null)
    {
        _clock = clock;
        string baseUrl = options.BaseUrl.AbsoluteUri;
        _prefix = (baseUrl.EndsWith('/') ? baseUrl : baseUrl + "/") + "objects/";
        _http = new HttpMessageInvoker(new SocketsHttpHandler
        {
            AllowAutoRedirect = false,
            UseProxy = false,
            UseCookies = false,
            AutomaticDecompression = DecompressionMethods.None,
            // Without one no activity is made, whoever listens.
            ActivityHeadersPropagator = telemetry is { IsSent: true } ? DistributedContextPropagator.Current : null,
            MaxConnectionsPerServer = options.InFlightMax,
            ConnectTimeout = options.AttemptTimeout,
            // Longer than the gaps between callbacks, so that a sender every 5 s does not mean new connections every 5 s; not much longer, for those of
            // a machine that is gone have to fail one by one.
            PooledConnectionIdleTimeout = TimeSpan.FromSeconds(20),
            MaxResponseHeadersLength = 8,
            // A body beyond the cap is not read to its end to save the connection.
            MaxResponseDrainSize = 0,
            // Only to count them.
            PlaintextStreamFilter = (context, _) =>
            {
                Interlocked.Increment(ref _connectionsOpened);
                return ValueTask.FromResult(context.PlaintextStream);
            },
        });
    }

    /// <summary>So far.</summary>
    public long ConnectionsOpened => Interlocked.Read(ref _connectionsOpened);

    /// <summary>Never throws for anything that the upstream does.</summary>
    /// <exception cref="OperationCanceledException">The token was cancelled: the time is up, or the service stops.</exception>
    [AsyncMethodBuilder(typeof(PoolingAsyncValueTaskMethodBuilder<>))]
    public async ValueTask<LookupResult> GetAsync(long id, CancellationToken cancellationToken)
    {
        try
        {
            using var request = new HttpRequestMessage(HttpMethod.Get, _prefix + id.ToString(CultureInfo.InvariantCulture));
            using HttpResponseMessage response = await _http.SendAsync(request, cancellationToken);
            switch (response.StatusCode)
            {
                case HttpStatusCode.OK:
                    return await ReadAsync(response, id, cancellationToken);
                case HttpStatusCode.NotFound or HttpStatusCode.Gone:
                    return LookupResult.Of(LookupAnswer.Unknown);
                case HttpStatusCode.TooManyRequests or HttpStatusCode.ServiceUnavailable:
                    return LookupResult.Failed(LookupFailure.Throttled, RetryAfter(response));
                default:
                    return LookupResult.Failed(LookupFailure.Status);
            }
        }
        catch (HttpRequestException exception) when (exception.HttpRequestError is HttpRequestError.InvalidResponse or HttpRequestError.ConfigurationLimitExceeded)
        {
            return LookupResult.Failed(LookupFailure.Malformed);
        }
        catch (Exception exception) when (exception is HttpRequestException or IOException && !cancellationToken.IsCancellationRequested)
        {
            return LookupResult.Failed(LookupFailure.Connection);
        }
        catch (Exception exception) when (exception is HttpRequestException or IOException)
        {
            // Cancelling tears the connection down, which may surface first.
            throw new OperationCanceledException(exception.Message, exception, cancellationToken);
        }
    }

    public void Dispose() => _http.Dispose();

    static async ValueTask<LookupResult> ReadAsync(HttpResponseMessage response, long id, CancellationToken cancellationToken)
    {
        byte[] buffer = ArrayPool<byte>.Shared.Rent(LookupOptions.AnswerBytesMax + 1);
        try
        {
            using Stream body = await response.Content.ReadAsStreamAsync(cancellationToken);
            int length = 0, read;
            // To the end, or the connection can't be used again.
            while ((read = await body.ReadAsync(buffer.AsMemory(length, LookupOptions.AnswerBytesMax + 1 - length), cancellationToken)) > 0)
            {
                length += read;
                if (length > LookupOptions.AnswerBytesMax)
                    return LookupResult.Failed(LookupFailure.Malformed);
            }

            return AnswerParser.Parse(buffer.AsSpan(0, length), id) is { } answer ? LookupResult.Of(answer) : LookupResult.Failed(LookupFailure.Malformed);
        }
        finally
        {
            ArrayPool<byte>.Shared.Return(buffer);
        }
    }

    TimeSpan? RetryAfter(HttpResponseMessage response)
    {
        // Null for what is neither a number of seconds nor a date.
        if (response.Headers.RetryAfter is not { } header)
            return null;
        // By the clock that the date is of, where it says what it shows.
        TimeSpan? delay = header.Delta ?? header.Date - (response.Headers.Date ?? _clock.GetUtcNow());
        return delay > TimeSpan.Zero ? delay : null;
    }
}

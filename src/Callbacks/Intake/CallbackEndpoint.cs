using System.Buffers;
using System.Diagnostics;
using System.IO.Pipelines;
using Callbacks.Journal;
using Callbacks.Problems;
using Callbacks.Telemetry;
using Microsoft.AspNetCore.Connections;
using Microsoft.Extensions.Options;

namespace Callbacks.Intake;

/// <summary>
/// <c>POST /callback</c>: reads the whole body, refuses it whole or appends it whole, and answers 202 only when the journal says that it
/// is on stable storage. Everything else is an answer of 4xx, which has no effect, or 503, after which the sender doesn't know and may
/// send again: the same id with a newer receive time, so a retry is always safe. One task is allocated per request, to wait for the
/// journal.
/// </summary>
sealed partial class CallbackEndpoint : IDisposable
{
    const string IdTag = "callback.id";

    readonly ICallbackLog _log;
    readonly Connections _connections;
    readonly ILogger<CallbackEndpoint> _logger;
    readonly Outage _outage;
    readonly int _idsMax;
    readonly int _bodyBytesMax;
    // From the first byte parsed to the copy that the journal takes nothing waits, so one parser per thread serves all requests.
    readonly ThreadLocal<CallbackParser> _parsers;

    public CallbackEndpoint(
        ICallbackLog log, Connections connections, IOptions<IntakeOptions> options, Random random, TimeProvider time, ILogger<CallbackEndpoint> logger)
    {
        _log = log;
        _connections = connections;
        _logger = logger;
        _outage = new Outage(time);
        _idsMax = options.Value.IdsMax;
        _bodyBytesMax = options.Value.BodyBytesMax;
        ulong salt = (ulong)random.NextInt64(long.MinValue, long.MaxValue);
        _parsers = new ThreadLocal<CallbackParser>(() => new CallbackParser(_idsMax, salt));
    }

    public async Task HandleAsync(HttpContext context)
    {
        if (RefuseByHeaders(context) is { } refused)
        {
            await refused.WriteToAsync(context.Response);
            return;
        }

        PipeReader reader = context.Request.BodyReader;
        ReadResult read;
        try
        {
            while (true)
            {
                // What has come is taken, though a stop cuts off what has not.
                if (!reader.TryRead(out read))
                    read = await reader.ReadAsync(_connections.Cut);
                if (read.IsCompleted || read.Buffer.Length > _bodyBytesMax)
                    break;
                reader.AdvanceTo(read.Buffer.Start, read.Buffer.End);
            }
        }
        catch (BadHttpRequestException exception)
        {
            await RefuseUnread(context, Refusals.BadRequest(exception.StatusCode, exception.Message));
            return;
        }
        catch (Exception exception) when (exception is ConnectionResetException or OperationCanceledException)
        {
            // The client went away in the middle of its body, or a stop can wait no longer for the rest: there is no callback, and nobody to tell.
            context.Abort();
            return;
        }
        catch (Exception exception) when (exception is IOException or InvalidOperationException)
        {
            // A chunk's size that fits in no integer; a trailer with a NUL in it.
            await RefuseUnread(context, Refusals.BadRequest(StatusCodes.Status400BadRequest, exception.Message));
            return;
        }

        if (read.Buffer.Length > _bodyBytesMax)
        {
            reader.AdvanceTo(read.Buffer.End);
            await RefuseUnread(context, Refusals.TooLarge(_bodyBytesMax));
            return;
        }

        ParseResult parsed = Parse(read.Buffer, out ValueTask<Receipt> appended, out int objects);
        reader.AdvanceTo(read.Buffer.End);
        if (!parsed.IsAccepted)
        {
            await Refusals.Of(parsed, _idsMax).WriteToAsync(context.Response);
            return;
        }

        Receipt receipt;
        try
        {
            receipt = await appended;
        }
        catch (Exception exception)
        {
            AppendFailed(exception);
            receipt = default;
        }

        // Asked again here, since the answer may come long after the request did.
        if (_connections.MustClose)
            context.Response.Headers.Connection = "close";

        if (receipt.IsDurable)
        {
            Appended(receipt);
            Acknowledge(context.Response, receipt, objects);
        }
        else
        {
            await Refusals.NotDurable.WriteToAsync(context.Response);
        }
    }

    Problem? RefuseByHeaders(HttpContext context)
    {
        HttpRequest request = context.Request;
        IHeaderDictionary headers = request.Headers;
        if (request.ContentLength > _bodyBytesMax)
        {
            // The rest of the connection is a body that nobody wants.
            context.Response.Headers.Connection = "close";
            return Refusals.TooLarge(_bodyBytesMax);
        }

        // Kestrel reads such a request by its chunks and moves the other length out of the way. What is in front of us may have read
        // it by its length, so nothing that follows on this connection can be trusted (RFC 9112, 6.1).
        if (request.ContentLength is null && headers.ContainsKey("X-Content-Length"))
        {
            context.Response.Headers.Connection = "close";
            return Refusals.Ambiguous;
        }

        string? encoding = headers.ContentEncoding;
        if (string.IsNullOrEmpty(encoding) || encoding.Equals("identity", StringComparison.OrdinalIgnoreCase))
            return null;

        context.Response.Headers.AcceptEncoding = "identity";
        return Refusals.Encoded;
    }

    /// <summary>
    /// Synchronous on purpose: the parser belongs to the thread, and its ids are copied by the journal before this returns.
    /// </summary>
    ParseResult Parse(in ReadOnlySequence<byte> body, out ValueTask<Receipt> appended, out int objects)
    {
        CallbackParser parser = _parsers.Value!;
        ParseResult parsed = parser.Parse(body);
        objects = parser.Ids.Length;
        appended = default;
        if (!parsed.IsAccepted)
            return parsed;

        try
        {
            appended = _log.AppendAsync(parser.Ids);
        }
        catch (Exception exception)
        {
            AppendFailed(exception);
            appended = default; // A receipt that is not durable.
        }

        return parsed;
    }

    void Appended(Receipt receipt)
    {
        if (!_outage.Ends(out TimeSpan lasted))
            return;
        string id = CallbackId.Format(_log.Tag, receipt.Number);
        LogAppendsAgain(id, lasted.TotalSeconds);
    }

    void AppendFailed(Exception exception)
    {
        if (_outage.Begins())
            LogAppendFailed(exception);
    }

    void Acknowledge(HttpResponse response, Receipt receipt, int objects)
    {
        // So that a trace can be found by the id that the sender was told. Without somebody who traces there is none.
        if (Activity.Current is { IsAllDataRequested: true } activity)
            activity.SetTag(IdTag, CallbackId.Format(_log.Tag, receipt.Number));
        Span<byte> body = stackalloc byte[Acknowledgement.BytesMax];
        int length = Acknowledgement.Write(body, _log.Tag, receipt, objects);
        response.StatusCode = StatusCodes.Status202Accepted;
        response.ContentType = "application/json";
        response.ContentLength = length;
        // Not flushed: the server does that once the request is over, and once for all answers of a pipelining client.
        response.BodyWriter.Write(body[..length]);
    }

    static Task RefuseUnread(HttpContext context, Problem problem)
    {
        context.Response.Headers.Connection = "close";
        return problem.WriteToAsync(context.Response);
    }

    public void Dispose() => _parsers.Dispose();

    [LoggerMessage(Level = LogLevel.Error, Message = "The journal failed to append a callback, which was answered with 503, as are others until it does again.")]
    partial void LogAppendFailed(Exception exception);

    [LoggerMessage(Level = LogLevel.Information, Message = "Callbacks are appended again from {CallbackId} on, after {Seconds:F1} s.")]
    partial void LogAppendsAgain(string callbackId, double seconds);
}

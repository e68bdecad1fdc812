using System.Buffers.Text;
using System.IO.Pipelines;
using System.Net.Sockets;
using Callbacks.Tester.Records;
using Microsoft.AspNetCore.Connections.Features;

namespace Callbacks.Tester.Serve;

/// <summary>The answers, good and bad, as they go out.</summary>
static class Reply
{
    const int BodyBytesMax = 64;
    const int LargeBytes = 10 * 1024 * 1024;
    static readonly TimeSpan TrickleInterval = TimeSpan.FromMilliseconds(200);
    static readonly byte[] Filler = new byte[16 * 1024];

    static Reply() => Filler.AsSpan().Fill((byte)' ');

    /// <summary>
    /// <c>{"id":1,"online":true}</c>, written straight into the connection's buffer: at 15,000 at a time every array counts.
    /// </summary>
    public static async Task GoodAsync(HttpContext context, long id, bool online)
    {
        Begin(context);
        PipeWriter writer = context.Response.BodyWriter;
        int length = Format(writer.GetSpan(BodyBytesMax), id, online);
        context.Response.ContentLength = length;
        writer.Advance(length);
        await writer.FlushAsync();
    }

    /// <returns>When the last byte began to be sent, in microseconds of wall clock: who reads it may have stored it before we come to look again.</returns>
    public static async Task<long> TrickleAsync(HttpContext context, long id, bool online, TimeProvider time)
    {
        Begin(context);
        byte[] body = new byte[BodyBytesMax];
        int length = Format(body, id, online);
        context.Response.ContentLength = length;
        long begun = 0;
        for (int index = 0; index < length; index++)
        {
            await Task.Delay(TrickleInterval, time, context.RequestAborted);
            begun = Moment.Now(time);
            await context.Response.Body.WriteAsync(body.AsMemory(index, 1), context.RequestAborted);
            await context.Response.Body.FlushAsync(context.RequestAborted);
        }

        return begun;
    }

    public static async Task MalformedAsync(HttpContext context, long id, double roll)
    {
        string[] bodies =
        [
            $"{{\"id\":{id},\"onl",
            "no JSON at all",
            "",
            $"{{\"id\":{id}}}",
            $"{{\"id\":{id},\"online\":\"true\"}}",
            $"[{id},true]",
        ];
        Begin(context);
        await context.Response.WriteAsync(bodies[(int)(roll * bodies.Length)]);
    }

    /// <summary>Valid JSON as far as it goes, and then white space without end.</summary>
    public static async Task EndlessAsync(HttpContext context, long id)
    {
        Begin(context);
        await context.Response.WriteAsync($"{{\"id\":{id},\"online\":true", context.RequestAborted);
        while (true)
        {
            await context.Response.Body.WriteAsync(Filler, context.RequestAborted);
            // Writes to a connection that is gone return at once until the token is cancelled, which needs a thread of the pool: without giving
            // ours back a few such answers would hold up all the others for seconds.
            await Task.Yield();
        }
    }

    public static async Task LargeAsync(HttpContext context, long id, bool online)
    {
        Begin(context);
        context.Response.ContentLength = LargeBytes;
        byte[] body = new byte[BodyBytesMax];
        int sent = Format(body, id, online);
        await context.Response.Body.WriteAsync(body.AsMemory(0, sent), context.RequestAborted);
        for (int length; sent < LargeBytes; sent += length)
        {
            length = Math.Min(Filler.Length, LargeBytes - sent);
            await context.Response.Body.WriteAsync(Filler.AsMemory(0, length), context.RequestAborted);
        }
    }

    /// <summary>Half of it goes out before the reset; a client may see either first.</summary>
    public static async Task CutAsync(HttpContext context, long id, bool online)
    {
        Begin(context);
        byte[] body = new byte[BodyBytesMax];
        int length = Format(body, id, online);
        context.Response.ContentLength = length;
        await context.Response.Body.WriteAsync(body.AsMemory(0, length / 2), context.RequestAborted);
        await context.Response.Body.FlushAsync(context.RequestAborted);
        Reset(context);
    }

    public static void Status(HttpContext context, int status, string? retryAfter)
    {
        context.Response.StatusCode = status;
        // A body would be refused with these two, and for the rest none is needed.
        if (status is not (204 or 304))
            context.Response.ContentLength = 0;
        if (status is 429 or 503 && retryAfter is not null)
            context.Response.Headers.RetryAfter = retryAfter;
        if (status is >= 300 and < 400)
            context.Response.Headers.Location = context.Request.Path.Value;
    }

    public static void Reset(HttpContext context)
    {
        // Without lingering a close is a reset; with it the client might see an orderly end.
        if (context.Features.Get<IConnectionSocketFeature>() is { } connection)
            connection.Socket.LingerState = new LingerOption(enable: true, seconds: 0);
        context.Abort();
    }

    static void Begin(HttpContext context)
    {
        context.Response.StatusCode = StatusCodes.Status200OK;
        context.Response.ContentType = "application/json";
    }

    static int Format(Span<byte> target, long id, bool online)
    {
        "{\"id\":"u8.CopyTo(target);
        int length = 6;
        Utf8Formatter.TryFormat(id, target[length..], out int digits);
        length += digits;
        ReadOnlySpan<byte> rest = online ? ",\"online\":true}"u8 : ",\"online\":false}"u8;
        rest.CopyTo(target[length..]);
        return length + rest.Length;
    }
}

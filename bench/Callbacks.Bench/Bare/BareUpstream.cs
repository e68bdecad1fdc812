using System.Buffers.Text;
using System.Globalization;
using System.Net;
using System.Net.Sockets;
using System.Text;
using Callbacks.Bench.Framework;
using Callbacks.Tester.CommandLine;
using Callbacks.Tester.Records;
using Callbacks.Tester.Serve;

namespace Callbacks.Bench.Bare;

/// <summary>
/// Answers <c>GET /objects/{id}</c>, an even id being online, with sockets and nothing else: on a machine that measures asker and asked
/// together, the asked should be the lesser part.
/// </summary>
/// <param name="Latencies">In milliseconds; null: it answers at once.</param>
/// <param name="Log">Of lookups, as the tester's.</param>
sealed record BareUpstream((int Min, int Max)? Latencies, RecordWriter<LookupRecord>? Log)
{
    const int Backlog = 65_535;
    const int RequestBytesMax = 4096;

    readonly Dice _dice = new(1);

    /// <param name="arguments">PORT [LATENCY_MIN LATENCY_MAX LOG]</param>
    public static async Task<int> RunAsync(string[] arguments)
    {
        using var listener = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
        listener.Bind(new IPEndPoint(IPAddress.Loopback, Number(0)));
        listener.Listen(Backlog);
        using var stop = new StopSignal();
        await using RecordWriter<LookupRecord>? log = arguments.Length > 1 ? LookupLog.Open(arguments[3], BenchContext.Time) : null;
        var upstream = new BareUpstream(log is null ? null : (Number(1), Number(2)), log);
        try
        {
            while (true)
                _ = upstream.ServeAsync(await listener.AcceptAsync(stop.Token));
        }
        catch (OperationCanceledException)
        {
            return 0;
        }

        int Number(int at) => int.Parse(arguments[at], CultureInfo.InvariantCulture);
    }

    async Task ServeAsync(Socket socket)
    {
        using Socket connection = socket;
        connection.NoDelay = true;
        byte[] request = new byte[RequestBytesMax], answer = new byte[256];
        int length = 0;
        try
        {
            while (length < RequestBytesMax)
            {
                int read = await connection.ReceiveAsync(request.AsMemory(length));
                if (read == 0)
                    return;
                length += read;
                // Nobody asks a second time before the answer.
                if (!request.AsSpan(0, length).EndsWith("\r\n\r\n"u8))
                    continue;
                if (Latencies is null)
                    await connection.SendAsync(answer.AsMemory(0, Answer(request.AsSpan(0, length), answer, out _)));
                else
                    await AnswerLaterAsync(connection, request.AsMemory(0, length), answer);
                length = 0;
            }
        }
        catch (SocketException)
        {
            // The asker went away.
        }
    }

    async Task AnswerLaterAsync(Socket connection, ReadOnlyMemory<byte> request, Memory<byte> answer)
    {
        long start = Moment.Now(BenchContext.Time);
        int length = Answer(request.Span, answer.Span, out long id);
        (int min, int max) = Latencies!.Value;
        await BenchContext.WaitAsync(TimeSpan.FromMilliseconds(min + (int)(_dice.Next() * (max - min + 1))), CancellationToken.None);
        long end = Moment.Now(BenchContext.Time);
        await connection.SendAsync(answer[..length]);
        await Log!.WriteAsync(new LookupRecord(id, start, end, IsOnline(id) ? LookupOutcome.Online : LookupOutcome.Offline));
    }

    static int Answer(ReadOnlySpan<byte> request, Span<byte> answer, out long id)
    {
        ReadOnlySpan<byte> start = "GET /objects/"u8;
        id = 0;
        if (!request.StartsWith(start) || !Utf8Parser.TryParse(request[start.Length..], out id, out _))
            return Encoding.ASCII.GetBytes("HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\n\r\n", answer);
        string body = $$"""{"id":{{id}},"online":{{(IsOnline(id) ? "true" : "false")}}}""";
        return Encoding.ASCII.GetBytes($"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: {body.Length}\r\n\r\n{body}", answer);
    }

    static bool IsOnline(long id) => (id & 1) == 0;
}

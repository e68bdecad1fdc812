using System.Text;
using Callbacks.Fixtures;

namespace Callbacks.SystemTests.Faults;

/// <summary>What a callback must be answered: 202 and how many objects, or the status of a refusal.</summary>
readonly record struct KnownAnswer(int Status, int Objects);

/// <summary>Callbacks sent one after the other, and last a request that has the connection closed.</summary>
/// <param name="Bytes">All of it.</param>
/// <param name="Callbacks">How many were begun; what is broken may be more, fewer or none.</param>
/// <param name="Known">Answers to the first of them, in order: all, or those before the first that is broken.</param>
sealed record Exchange(byte[] Bytes, int Callbacks, IReadOnlyList<KnownAnswer> Known);

/// <summary>HTTP/1 around bodies of <see cref="BodyGenerator"/>: as it may be, in all its forms, and as it may not.</summary>
sealed class RequestGenerator(Random random, int idsMax)
{
    const int CallbacksMax = 8;
    const string Close = "GET /end HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n";

    static readonly string[] Harmless =
        ["Content-Type: application/json", "content-type: nonsense", "Accept: */*", "X-Empty:", "X-Spaced: \t a  b \t", "User-Agent: a/1 (b; c)", "Cookie: a=\"b\"",
            "Content-Encoding: identity", "Expect: 100-continue", "Connection: keep-alive", "Transfer-Coding: gzip", "Content-Lengths: 1"];

    static readonly string[] Hostile =
        ["Content-Length: 5", "Content-Length: +5", "Content-Length: -1", "Content-Length: 0x10", "Content-Length: 99999999999999999999", "Content-Length: 1048577",
            "Content-Length:", "Content-Length : 5", "Content-Length: 5, 5", "Transfer-Encoding: chunked", "Transfer-Encoding: chunked, identity",
            "Transfer-Encoding: identity", "Transfer-Encoding: xchunked", "Transfer-Encoding:\tchunked", "Transfer-Encoding : chunked", "Transfer-Encoding: gzip, chunked",
            "X-Content-Length: 5", "Content-Encoding: gzip", "Content-Encoding: identity, br", "Host: b", "Host: b c", "Expect: 200-ok", "Connection: close",
            "Connection: upgrade\r\nUpgrade: h2c", "Connection: upgrade\r\nUpgrade: websocket", "A: b\nTransfer-Encoding: chunked", "A: b\rB: c", " folded: yes", "A\0: b", ": b", "A",
            "A: " + new string('b', 17_000)];

    static readonly string[] HostileStarts =
        ["GET /callback HTTP/1.1", "POST /callback HTTP/1.0", "POST /callback HTTP/9.9", "POST /callback HTTP/2.0", "POST /callback", "POST  /callback HTTP/1.1", "post /callback HTTP/1.1",
            "POST callback HTTP/1.1", "POST http://b/callback HTTP/1.1", "POST * HTTP/1.1", "OPTIONS * HTTP/1.1", "CONNECT a:1 HTTP/1.1", "POST /call%62ack HTTP/1.1",
            "POST /callback%00 HTTP/1.1", "POST /a/../callback HTTP/1.1", "\r\n\r\nPOST /callback HTTP/1.1", "POST /callback?" + new string('q', 5_000) + " HTTP/1.1"];

    static readonly string[] HostileSizes = ["-1", "0x5", "ffffffffffffffff", "7fffffff", "00000000000000005", "5 ", " 5", "5;a\n=b", "5\n", "", "g", "5;" + new string('e', 5_000)];

    public Exchange Next(bool isBroken)
    {
        int count = random.Next(1, CallbacksMax + 1);
        int firstBroken = isBroken ? random.Next(count) : count;
        List<byte> bytes = [];
        List<KnownAnswer> known = [];
        for (int i = 0; i < count; i++)
        {
            byte[] body = _bodies.Next();
            if (i == firstBroken || (i > firstBroken && random.Next(2) == 0))
            {
                bytes.AddRange(Broken(body));
                continue;
            }

            bool isEncoded = random.Next(20) == 0;
            bytes.AddRange(WellFramed(body, isEncoded));
            if (i < firstBroken)
                known.Add(isEncoded ? new KnownAnswer(415, 0) : BodyOracle.Ids(body, idsMax) is { } ids ? new KnownAnswer(202, ids.Length) : new KnownAnswer(400, 0));
        }

        return new Exchange([.. bytes, .. Encoding.ASCII.GetBytes(Close)], count, known);
    }

    readonly BodyGenerator _bodies = new(random);

    byte[] WellFramed(byte[] body, bool isEncoded)
    {
        bool isOld = random.Next(20) == 0;
        List<string> headers = [.. Some(Harmless, 4)];
        headers.Add("Host: " + Any("a", "localhost:9090", "[::1]"));
        if (isOld)
            headers.Add("Connection: keep-alive");
        if (isEncoded)
            headers.Add("Content-Encoding: gzip");

        string start = Any("POST /callback", "POST /callback", "POST /callback?a=b") + (isOld ? " HTTP/1.0" : " HTTP/1.1");
        if (isOld || random.Next(2) == 0)
            return Request(start, [.. headers, $"{Any("Content-Length", "content-length")}: {body.Length}"], body);

        return Request(start, [.. headers, $"{Any("Transfer-Encoding", "transfer-encoding")}: {Any("chunked", "Chunked")}"], Chunked(body, [";a", ";a=b", ";a=\"b;c\""], "\r\n", lies: false));
    }

    /// <summary>Mutated, or put together of what may not stand together, or both.</summary>
    byte[] Broken(byte[] body)
    {
        int kind = random.Next(3);
        if (kind == 0)
            return Mutated(WellFramed(body, isEncoded: false));

        bool isChunked = random.Next(2) == 0;
        List<string> headers = [.. Some(Harmless, 2), .. Some(Hostile, 3), "Host: a", isChunked ? "Transfer-Encoding: chunked" : $"Content-Length: {Math.Max(body.Length + random.Next(-20, 300), 0)}"];
        byte[] framed = isChunked ? Chunked(body, HostileSizes, Any("\r\n", "\n", ""), lies: true) : body;
        byte[] request = Request(random.Next(3) == 0 ? Any(HostileStarts) : "POST /callback HTTP/1.1", headers, framed);
        return kind == 1 ? request : Mutated(request);
    }

    byte[] Mutated(byte[] request) => Mutation.Of(request, random, "\r\n :;,0x\0\t"u8, changesMax: 3);

    byte[] Request(string start, List<string> headers, byte[] body)
    {
        string[] shuffled = [.. headers];
        random.Shuffle(shuffled);
        return [.. Encoding.Latin1.GetBytes($"{start}\r\n{string.Concat(shuffled.Select(header => header + "\r\n"))}\r\n"), .. body];
    }

    /// <param name="body">Is cut into chunks.</param>
    /// <param name="odd">What a chunk's size is followed by now and then; with <paramref name="lies"/>: is replaced by.</param>
    /// <param name="end">Of a chunk.</param>
    /// <param name="lies">Whether a chunk may be something else.</param>
    byte[] Chunked(byte[] body, string[] odd, string end, bool lies)
    {
        List<byte> chunks = [];
        for (int at = 0; at < body.Length;)
        {
            int length = Math.Min(body.Length - at, random.Next(1, 30));
            string size = length.ToString(random.Next(2) == 0 ? "x" : "X3");
            if (random.Next(4) == 0)
                size = (lies ? "" : size) + Any(odd);

            chunks.AddRange(Encoding.ASCII.GetBytes(size + "\r\n"));
            chunks.AddRange(body.AsSpan(at, length));
            chunks.AddRange(Encoding.ASCII.GetBytes(random.Next(4) == 0 ? end : "\r\n"));
            at += length;
        }

        chunks.AddRange(Encoding.ASCII.GetBytes(Any("0", "000", "0;a") + "\r\n" + Any("", "", "Trailer-Of: mine\r\n") + "\r\n"));
        return [.. chunks];
    }

    string Any(params string[] choices) => choices[random.Next(choices.Length)];

    /// <summary>Distinct ones, fewer than <paramref name="max"/>.</summary>
    IEnumerable<string> Some(string[] choices, int max) => random.GetItems(choices, random.Next(max)).Distinct(StringComparer.Ordinal);
}

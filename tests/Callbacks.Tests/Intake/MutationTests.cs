using System.Globalization;
using System.Text;
using Callbacks.Fixtures;

namespace Callbacks.Tests.Intake;

/// <summary>Requests broken at random, bodies and framing, over real sockets.</summary>
public sealed class MutationTests(ITestOutputHelper output) : IAsyncLifetime
{
    const int Requests = 2_000;

    readonly FakeLog _log = new();
    IntakeHost _host = null!;

    public async ValueTask InitializeAsync() => _host = await IntakeHost.StartAsync(_log);

    public ValueTask DisposeAsync() => _host.DisposeAsync();

    [Fact]
    public async Task A_broken_request_is_a_4xx_or_no_answer_and_whatever_is_acknowledged_was_appended()
    {
        Random random = Seed.Draw(output);
        BodyGenerator bodies = new(random);
        SortedDictionary<int, int> statuses = [];
        int accepted = 0;
        for (int i = 0; i < Requests; i++)
        {
            byte[] request = Break(Request(bodies.Next(), random), random);
            using RawClient client = await _host.ConnectAsync();
            await client.SendAsync(request);
            await client.SendAsync("GET /end HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n");
            Task<byte[]> reading = client.ReadToEndAsync();
            // A whole request is answered, and the next one ends the connection. One that still waits for more is told that no more comes.
            if (await Task.WhenAny(reading, Task.Delay(30)) != reading)
                client.FinishSending();

            byte[] received = await reading;
            string text = Encoding.Latin1.GetString(received);

            int at = 0;
            while ((at = text.IndexOf("HTTP/1.1 ", at, StringComparison.Ordinal)) >= 0)
            {
                int status = int.Parse(text.AsSpan(at + 9, 3), NumberStyles.None, CultureInfo.InvariantCulture);
                statuses[status] = statuses.GetValueOrDefault(status) + 1;
                // 505: the version itself was broken.
                Assert.True(status is 202 or (>= 400 and < 500) or 505, $"{text} for {Encoding.Latin1.GetString(request)}");
                if (status == 202)
                    accepted++;

                at += 9;
            }
        }

        output.WriteLine(string.Join(", ", statuses.Select(pair => $"{pair.Key}: {pair.Value}")));
        // Kestrel takes a client that ends its side for one that is gone, so some callbacks got no answer; but none a false one.
        Assert.InRange(_log.Appended.Count, accepted, Requests);
        Assert.InRange(accepted, Requests / 50, Requests);
        using RawClient last = await _host.ConnectAsync();
        Assert.Equal(202, (await last.PostAsync("""{"object_ids":[]}""")).Status);
    }

    static List<byte> Request(byte[] body, Random random)
    {
        List<byte> request = [.. "POST /callback HTTP/1.1\r\nHost: a\r\n"u8];
        if (random.Next(2) == 0)
        {
            request.AddRange(Encoding.ASCII.GetBytes($"Content-Length: {body.Length}\r\n\r\n"));
            request.AddRange(body);
            return request;
        }

        request.AddRange("Transfer-Encoding: chunked\r\n\r\n"u8);
        for (int at = 0; at < body.Length;)
        {
            int length = Math.Min(body.Length - at, random.Next(1, 30));
            request.AddRange(Encoding.ASCII.GetBytes($"{length:x}\r\n"));
            request.AddRange(body.AsSpan(at, length));
            request.AddRange("\r\n"u8);
            at += length;
        }

        request.AddRange("0\r\n\r\n"u8);
        return request;
    }

    static byte[] Break(List<byte> request, Random random)
    {
        for (int n = random.Next(3); n > 0; n--)
        {
            int at = random.Next(request.Count);
            switch (random.Next(4))
            {
                case 0:
                    request[at] = (byte)random.Next(256);
                    break;
                case 1:
                    request.RemoveAt(at);
                    break;
                case 2:
                    request.Insert(at, "\r\n :;0\0\t"u8[random.Next(8)]);
                    break;
                default:
                    request.RemoveRange(at, Math.Min(random.Next(1, 20), request.Count - at));
                    break;
            }

            if (request.Count == 0)
                break;
        }

        return [.. request];
    }
}

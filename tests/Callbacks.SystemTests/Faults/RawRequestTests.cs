using System.Collections.Concurrent;
using System.Globalization;
using System.Net;
using System.Net.Sockets;
using System.Text;
using System.Text.Json;
using Callbacks.Fixtures;
using Callbacks.SystemTests.Acceptance;

namespace Callbacks.SystemTests.Faults;

/// <summary>
/// Bodies and the HTTP around them, in all forms and broken at random, over sockets against the service in its own process. Neither PostgreSQL
/// nor the upstream is there, for the endpoint needs neither.
/// </summary>
public sealed class RawRequestTests(ITestOutputHelper output) : IAsyncLifetime
{
    const int IdsMax = 20;
    const int ConnectionsAtOnce = 16;
    const int PiecesMax = 4;

    /// <summary>A server that says nothing for this long waits for more, and is told that none comes.</summary>
    static readonly TimeSpan Silence = TimeSpan.FromMilliseconds(100);

    readonly string _folder = Directory.CreateTempSubdirectory($"callback-test-{Environment.ProcessId}-raw-").FullName;
    readonly ConcurrentDictionary<int, int> _statuses = new();
    readonly ConcurrentQueue<string> _wrongs = new();
    ServiceProcess _service = null!;
    EndPoint _endPoint = null!;

    public async ValueTask InitializeAsync()
    {
        int port = FreePort.Take();
        _endPoint = new IPEndPoint(IPAddress.Loopback, port);
        // Nobody listens on port 1.
        _service = new ServiceProcess(port, socket: null,
        [
            $"--Journal:Directory={Path.Combine(_folder, "journal")}", $"--Intake:IdsMax={IdsMax}", "--Lookup:BaseUrl=http://127.0.0.1:1/",
            "--Store:ConnectionString=Host=127.0.0.1;Port=1;Username=nobody;Database=none",
        ]);
        await _service.StartAsync();
    }

    public async ValueTask DisposeAsync()
    {
        await _service.DisposeAsync();
        Directory.Delete(_folder, recursive: true);
    }

    [Fact]
    public Task Mutated_requests_get_no_5xx_and_count_whole_or_not_at_all() => JudgeAsync(2_000);

    [Fact(Explicit = true)]
    public Task A_hundred_thousand_mutated_requests_get_no_5xx_and_count_whole_or_not_at_all() => JudgeAsync(100_000);

    async Task JudgeAsync(int requests)
    {
        Random random = Seed.Draw(output);
        // First those whose answers are known, then the broken ones.
        Tally framed = await SendAsync(random, requests / 2, isBroken: false);
        ServiceStatus statusOfFramed = await _service.StatusAsync();
        Tally broken = await SendAsync(random, requests / 2, isBroken: true);
        ServiceStatus statusOfAll = await _service.StatusAsync();

        int failures = _statuses.Where(pair => pair.Key is >= 500 and not (503 or 505)).Sum(pair => pair.Value);
        Figures.Add("mutated bodies and requests over sockets", framed.Sent + broken.Sent, failures, "answers of 5xx");
        output.WriteLine($"well framed: {framed}");
        output.WriteLine($"mutated: {broken}");
        output.WriteLine("answers: " + string.Join(", ", _statuses.OrderBy(pair => pair.Key).Select(pair => $"{pair.Value} of {pair.Key}")));
        output.WriteLine($"not counted among the 5xx: {Count(503)} of 503 by the journal, {Count(505)} of 505 to a version of HTTP that was broken");
        Assert.True(_wrongs.IsEmpty, $"{_wrongs.Count} wrong:\n{string.Join('\n', _wrongs.Take(5))}\nThe service said:\n{_service.Lines}");
        AssertCounted(framed, statusOfFramed);
        AssertCounted(framed + broken, statusOfAll);
        // A test of nothing but refusals would prove little.
        Assert.InRange(broken.Acknowledged, requests / 50, requests / 2);
        using RawClient last = await RawClient.ConnectAsync(_endPoint);
        await last.SendAsync("GET /livez HTTP/1.1\r\nHost: a\r\n\r\n");
        Assert.Equal(200, (await last.ReadAnswerAsync())?.Status);
    }

    int Count(int status) => _statuses.GetValueOrDefault(status);

    static void AssertCounted(Tally tally, ServiceStatus status)
    {
        Assert.True(status.Balance.IsBalanced, $"{status.Balance}");
        Assert.InRange(status.Callbacks.Acknowledged, tally.Acknowledged, tally.Acknowledged + tally.Unknown);
        Assert.InRange(status.Balance.Acknowledged, tally.Sightings, tally.Sightings + tally.Unknown * IdsMax);
    }

    async Task<Tally> SendAsync(Random random, int requests, bool isBroken)
    {
        Tally[] tallies = await Task.WhenAll(Enumerable.Range(0, ConnectionsAtOnce).Select(_ => new Random(random.Next())).ToArray().Select(async own =>
        {
            RequestGenerator generator = new(own, IdsMax);
            Tally tally = default;
            while (tally.Sent < requests / ConnectionsAtOnce)
                tally += await JudgeAsync(generator.Next(isBroken), own, isBroken);

            return tally;
        }));
        return tallies.Aggregate((sum, tally) => sum + tally);
    }

    /// <summary>One connection.</summary>
    async Task<Tally> JudgeAsync(Exchange exchange, Random random, bool isBroken)
    {
        using RawClient client = await RawClient.ConnectAsync(_endPoint);
        (List<Answer> answers, bool isCutOff, string? fault) = await ExchangeAsync(client, exchange.Bytes, random, isBroken);
        foreach (Answer answer in answers)
            _statuses.AddOrUpdate(answer.Status, 1, (_, count) => count + 1);

        fault ??= FindFault(exchange, answers, isBroken, isCutOff);
        if (fault is not null)
            _wrongs.Enqueue($"{fault}\n  answers {string.Join(", ", answers.Select(answer => answer.Status))} to {Shown(exchange.Bytes)}");

        Answer[] acknowledged = [.. answers.Where(answer => answer.Status == 202)];
        return new Tally(
            exchange.Callbacks, acknowledged.Length, acknowledged.Sum(Objects),
            answers.Count(answer => answer.Status == 503) + (isCutOff ? Math.Max(exchange.Callbacks - answers.Count, 0) : 0));
    }

    static async Task<(List<Answer> Answers, bool IsCutOff, string? Fault)> ExchangeAsync(RawClient client, byte[] bytes, Random random, bool isBroken)
    {
        List<Answer> answers = [];
        bool isCutOff = false;
        try
        {
            try
            {
                await SendInPiecesAsync(client, bytes, random);
            }
            catch (SocketException) when (isBroken)
            {
                // It has been closed on what came first; the answers are there to be read.
            }

            while (true)
            {
                Task<Answer?> reading = client.ReadAnswerAsync();
                if (isBroken && !isCutOff && await Task.WhenAny(reading, Task.Delay(Silence, TimeProvider.System)) != reading)
                {
                    isCutOff = true;
                    client.FinishSending();
                }

                if (await reading is not { } answer)
                    return (answers, isCutOff, null);
                // Who expects 100 may be told to continue before the answer proper.
                if (answer.Status != 100)
                    answers.Add(answer);
            }
        }
        catch (Exception exception) when (exception is IOException or FormatException or ArgumentException or OperationCanceledException or SocketException)
        {
            return (answers, isCutOff, $"{exception.Message}");
        }
    }

    static async Task SendInPiecesAsync(RawClient client, byte[] bytes, Random random)
    {
        int[] cuts = [0, .. random.GetItems(Enumerable.Range(0, bytes.Length).ToArray(), random.Next(PiecesMax)).Order(), bytes.Length];
        for (int i = 1; i < cuts.Length; i++)
            await client.SendAsync(bytes.AsMemory(cuts[i - 1]..cuts[i]));
    }

    static string? FindFault(Exchange exchange, List<Answer> answers, bool isBroken, bool isCutOff)
    {
        // The last one is to the request that ends the connection.
        if (!isBroken && answers.Count != exchange.Callbacks + 1)
            return $"{answers.Count} answers to {exchange.Callbacks} + 1 requests";
        if (!isCutOff && answers.Count < exchange.Known.Count)
            return $"{answers.Count} answers, though the first {exchange.Known.Count} requests are in order";

        for (int i = 0; i < answers.Count; i++)
        {
            int status = answers[i].Status;
            // 503: the journal couldn't write in time. 505: the version itself was broken.
            if (status is not (202 or (>= 400 and < 500) or 503) && !(isBroken && status == 505))
                return $"Answer {i} has status {status}";
            if (i < exchange.Known.Count && status != 503 && !IsAsKnown(answers[i], exchange.Known[i]))
                return $"Answer {i} is {status} {answers[i].Body} instead of {exchange.Known[i]}";
        }

        // Numbers ascend, so what was answered in order was taken in order.
        long[] numbers = [.. answers.Where(answer => answer.Status == 202).Select(Number)];
        return numbers.SequenceEqual(numbers.Distinct().Order()) ? null : $"Numbers of callbacks that do not ascend: {string.Join(", ", numbers)}";
    }

    static bool IsAsKnown(Answer answer, KnownAnswer known) => known.Status switch
    {
        202 => answer.Status == 202 && Objects(answer) == known.Objects,
        400 => answer.Status is 400 or 422, // A list that is too long, which is told apart elsewhere.
        _ => answer.Status == known.Status,
    };

    static int Objects(Answer answer) => JsonDocument.Parse(answer.Body).RootElement.GetProperty("objects").GetInt32();

    static long Number(Answer answer) =>
        long.Parse(JsonDocument.Parse(answer.Body).RootElement.GetProperty("id").GetString()!.Split('-')[1], NumberStyles.None, CultureInfo.InvariantCulture);

    static string Shown(byte[] bytes) =>
        string.Concat(Encoding.Latin1.GetString(bytes).Select(c => c is >= ' ' and < '\x7f' ? $"{c}" : c == '\r' ? "\\r" : c == '\n' ? "\\n" : $"\\x{(int)c:x2}"));

    /// <param name="Sent">Callbacks that were begun.</param>
    /// <param name="Acknowledged">Answers of 202.</param>
    /// <param name="Sightings">The distinct ids in them.</param>
    /// <param name="Unknown">Callbacks that may count or not: those answered 503, and those on a connection that was cut off before their answer.</param>
    readonly record struct Tally(int Sent, int Acknowledged, long Sightings, int Unknown)
    {
        public static Tally operator +(Tally a, Tally b) =>
            new(a.Sent + b.Sent, a.Acknowledged + b.Acknowledged, a.Sightings + b.Sightings, a.Unknown + b.Unknown);
    }
}

using System.Globalization;
using System.Net;
using Callbacks.Bench.Framework;
using Callbacks.Bench.Parts;
using Callbacks.Journal.Log;
using Callbacks.Journal.Pending;
using Callbacks.Lookup;
using Callbacks.Time;
using Microsoft.Extensions.Logging.Abstractions;

namespace Callbacks.Bench.Benches;

/// <summary>
/// What the order, the limit, the time limits, the retries and the distrust of the Lookup stage cost on top of bare requests, and what is
/// added to that by all metrics, read once a second as the dashboard does.
/// </summary>
sealed class LookupCpuBench : Measurement
{
    const string Stage = "stage", Bare = "bare", Metered = "stage with telemetry";
    const double RatioMin = 0.9;
    const double BareCeiling = 36_000;
    const int InFlightMax = 512;

    // More than can be asked within a side: the window is filled before it, so that filling it is not measured.
    const int Ids = 2_000_000, IdsPerCallback = 100;

    static readonly TimeSpan Retention = TimeSpan.FromHours(1);
    static readonly TimeSpan UntilConnected = TimeSpan.FromSeconds(4);

    UpstreamPart? _upstream;
    long _firstId = 2;

    public override string Name => "lookup-cpu";

    public override string What => "the Lookup stage without latency : a bare loop of requests with as many in flight; at least 0.90.";

    public override IReadOnlyList<string> Sides => [Stage, Bare, Metered];

    public override async Task PrepareAsync(BenchContext context)
    {
        _upstream = await UpstreamPart.StartBareAsync(context);
        await WarmUpAsync(context);
    }

    public override Task<SideResult> MeasureAsync(string side, BenchContext context)
    {
        // Nor for the collection of what the one before leaves behind, a table of two million ids.
        GC.Collect();
        return side == Bare ? MeasureBareAsync(context) : MeasureStageAsync(side, context);
    }

    public override Verdict Judge(BenchRuns runs, BenchContext context)
    {
        Ratio ratio = runs.Compare(Stage, Bare, result => result.Rate);
        Ratio cpu = Cpu(Stage, Bare), telemetry = Cpu(Metered, Stage);
        return new Verdict(
            string.Create(
                CultureInfo.InvariantCulture, $"{ratio}, CPU of a lookup {cpu.Median:F2} times the bare one's, telemetry {(telemetry.Median - 1) * 100:+0.0;-0.0} % ({(telemetry.Min - 1) * 100:+0.0;-0.0} .. {(telemetry.Max - 1) * 100:+0.0;-0.0})"),
            ratio.Median >= RatioMin, ratio, Ceiling.Check("the bare loop", runs.Median(Bare, result => result.Rate), BareCeiling));

        Ratio Cpu(string side, string bare) => runs.Compare(side, bare, result => result.Figures["cpu_us_per_id"]);
    }

    public override ValueTask CleanUpAsync() => _upstream?.DisposeAsync() ?? default;

    async Task<SideResult> MeasureStageAsync(string side, BenchContext context)
    {
        var time = new ServiceTime(BenchContext.Time);
        int ids = context.Size(Ids, 100_000);
        var table = new PendingTable(Retention, ids, keepAll: false, new Random(1));
        Fill(table, time, ids);
        var options = new LookupOptions { BaseUrl = _upstream!.Url, InFlightMax = InFlightMax };
        using var upstream = new Callbacks.Lookup.Upstream(options, BenchContext.Time);
        using var lookups = new Lookups(table, upstream, options, time, BenchContext.Time, new Random(1), NullLogger<Lookups>.Instance);
        await using LookupTelemetry? telemetry = side == Metered ? await LookupTelemetry.StartAsync(lookups, context.Stop) : null;
        using var end = new CancellationTokenSource();
        Task stage = RunStageAsync(lookups, table, end.Token);
        SideResult result = await CountAsync(side, () => lookups.Status().Answers, context);
        await end.CancelAsync();
        await stage;
        if (telemetry is not null)
            result.Require(telemetry.Lookups >= result.Units, $"there were {result.Units} lookups, the metrics speak of {telemetry.Lookups}");
        LookupStatus status = lookups.Status();
        result.Require(status.Answers == status.Attempts, $"{status.Attempts - status.Answers} lookups failed");
        int answered = CountAnswers(table, time);
        result.Require(answered == status.Answers, $"{status.Answers} answers came, {answered} are there to be stored");
        result.Require(answered < ids, "the window ran empty; ask for fewer seconds");
        return result;
    }

    static async Task RunStageAsync(Lookups lookups, PendingTable table, CancellationToken end)
    {
        try
        {
            // As the stage's own service does.
            while (true)
                await table.LookupsWaiting.WaitAsync(lookups.RunOnce(), end);
        }
        catch (OperationCanceledException)
        {
            await lookups.StopAsync();
        }
    }

    void Fill(PendingTable table, ServiceTime time, int ids)
    {
        long[] callback = new long[IdsPerCallback];
        Span<long> expired = stackalloc long[Enum.GetValues<LookupFailure>().Length];
        for (int number = 1; number <= ids / IdsPerCallback; number++)
        {
            // Even ids, which are online: each answer goes all the way to the store's queue.
            for (int i = 0; i < IdsPerCallback; i++, _firstId += 2)
                callback[i] = _firstId;
            Instant now = time.Now;
            table.Visit(new CallbackFrame((ulong)number, now, callback), VisitKind.Arrival, now, out _, expired);
        }
    }

    static int CountAnswers(PendingTable table, ServiceTime time)
    {
        int count = 0;
        table.TakeAnswers(time.Now, int.MaxValue, (_, _, _) => count++);
        return count;
    }

    async Task<SideResult> MeasureBareAsync(BenchContext context)
    {
        using var http = new HttpMessageInvoker(new SocketsHttpHandler
        {
            AllowAutoRedirect = false,
            UseProxy = false,
            UseCookies = false,
            AutomaticDecompression = DecompressionMethods.None,
            ActivityHeadersPropagator = null,
            MaxConnectionsPerServer = InFlightMax,
        });
        string prefix = $"{_upstream!.Url}objects/";
        long asked = 0, answered = 0, failed = 0;
        using var end = new CancellationTokenSource();
        Task[] loops = [.. Enumerable.Range(0, InFlightMax).Select(_ => Task.Run(AskAsync, context.Stop))];
        SideResult result = await CountAsync(Bare, () => Interlocked.Read(ref answered), context);
        await end.CancelAsync();
        await Task.WhenAll(loops);
        result.Require(failed == 0, $"{failed} requests failed");
        return result;

        async Task AskAsync()
        {
            byte[] buffer = new byte[LookupOptions.AnswerBytesMax];
            while (!end.IsCancellationRequested)
            {
                long id = 2 * Interlocked.Increment(ref asked);
                using var request = new HttpRequestMessage(HttpMethod.Get, prefix + id.ToString(CultureInfo.InvariantCulture));
                using HttpResponseMessage response = await http.SendAsync(request, CancellationToken.None);
                using Stream body = await response.Content.ReadAsStreamAsync(CancellationToken.None);
                int length = 0, read;
                while ((read = await body.ReadAsync(buffer.AsMemory(length), CancellationToken.None)) > 0)
                    length += read;
                Interlocked.Increment(ref response.StatusCode == HttpStatusCode.OK && length > 0 ? ref answered : ref failed);
            }
        }
    }

    static async Task<SideResult> CountAsync(string side, Func<long> answers, BenchContext context)
    {
        await BenchContext.WaitAsync(context.IsSmoke ? UntilConnected / 4 : UntilConnected, context.Stop);
        await using Sampler sampler = new Sampler(context)
            .Watch("memory of the whole bench", "MiB", () => ProcessFigures.Mebibytes(Environment.ProcessId))
            .WatchRate("lookups", "/s", () => answers()).Start();
        long before = answers(), start = BenchContext.Time.GetTimestamp();
        double cpu = ProcessFigures.CpuSeconds(Environment.ProcessId);
        await BenchContext.WaitAsync(TimeSpan.FromSeconds(context.Seconds(15)), context.Stop);
        double seconds = BenchContext.Time.GetElapsedTime(start).TotalSeconds;
        long count = answers() - before;
        cpu = ProcessFigures.CpuSeconds(Environment.ProcessId) - cpu;
        var result = new SideResult(side, "lookups") { Seconds = seconds, Units = count, Series = await sampler.StopAsync() };
        result.Require(count > 0, "there were no answers");
        result.Figures["cpu_us_per_id"] = cpu / count * 1e6;
        return result;
    }
}

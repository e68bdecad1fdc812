using System.Globalization;
using Callbacks.Bench.Framework;
using Callbacks.Bench.Load;
using Callbacks.Bench.Parts;
using Callbacks.Fixtures;

namespace Callbacks.Bench.Benches;

/// <summary>
/// How much of what the server alone can accept is left when every callback is made durable, and reading, looking up, storing and expiring
/// go on behind it. First as fast as 256 connections can, then at a steady rate for the latency.
/// </summary>
sealed class AcceptBench : Measurement
{
    const string Service = "service", Bare = "bare";
    const double RatioMin = 0.9, LaterMsMax = 10;

    /// <summary>Kestrel with a parser and no journal, as measured with wrk beside it on two cores.</summary>
    const double BareCeiling = 37_000;

    /// <summary>
    /// Half a million ids a second, with room for the generator on the same two cores: a queue that never empties would be the generator's latency,
    /// not the server's.
    /// </summary>
    const double SteadyRate = 5_000;

    const double RetentionSeconds = 30;

    // An age that grows by less than this in a second is the settling's own unevenness.
    const double TrendMax = 0.05;
    const string TrendFigure = "pending_age_trend_s_per_s";

    Postgres? _postgres;
    UpstreamPart? _upstream;

    public override string Name => "accept";

    public override string What =>
        "POST /callback with the journal and all that follows : the same server and parser without a journal; at least 0.90, p99 at most 10 ms more, no rising pending age.";

    public override IReadOnlyList<string> Sides => [Service, Bare];

    public override bool TakesOther => true;

    public override async Task PrepareAsync(BenchContext context)
    {
        _postgres = await Postgres.StartAsync(context.Stop);
        _upstream = await UpstreamPart.StartTesterAsync(context);
    }

    public override async Task<SideResult> MeasureAsync(string side, BenchContext context)
    {
        if (side == Bare)
            return await MeasureBareAsync(context);

        // Short sides are to see some of it expire, too.
        double retention = Math.Min(RetentionSeconds, Math.Max(1, context.Seconds(60) / 2));
        await using Rig rig = await Rig.StartAsync(context, _postgres!, _upstream!.Url, $"--Sweep:Retention={TimeSpan.FromSeconds(retention)}");
        await using Sampler sampler = rig.Watch(context);
        SideResult result = await MeasureAsync(
            side, rig.Service.Url, () => rig.Service.CpuSeconds, async () => (await rig.Service.StatusAsync()).Balance.Acknowledged / 1.0, sampler, context);
        ServiceStatus status = await rig.Service.StatusAsync();
        result.Require(status.Balance.IsBalanced, "the service's balance does not hold");
        result.Figures["sightings_expired"] = status.Balance.Expired;
        // A second or two on a crowded machine are too short for it.
        result.Require(context.IsSmoke || status.Postgresql.RowsStored > 0, "nothing was stored");
        result.Figures["memory_mib"] = rig.Service.Mebibytes;
        if (Trend(result.Series.First(series => series.Name == "pending age"), retention + 2) is { } trend)
            result.Figures[TrendFigure] = trend;
        return result;
    }

    public override Verdict Judge(BenchRuns runs, BenchContext context)
    {
        Ratio ratio = runs.Compare(Service, Bare, result => result.Rate);
        double steady = runs.Median(Service, SteadyP99) - runs.Median(Bare, SteadyP99);
        double full = runs.Median(Service, result => result.Latency!.P99Ms) - runs.Median(Bare, result => result.Latency!.P99Ms);
        double trend = runs.Median(Service, result => result.Figures.GetValueOrDefault(TrendFigure, double.NaN));
        return new Verdict(
            string.Create(CultureInfo.InvariantCulture, $"{ratio}, p99 {full:+0.0;-0.0} ms at full rate and {steady:+0.0;-0.0} ms at {SteadyRate:N0}/s, pending age {Say(trend)}{CompareBuilds(runs)}"),
            ratio.Median >= RatioMin && full <= LaterMsMax && steady <= LaterMsMax && trend <= TrendMax,
            ratio, Ceiling.Check("the bare server", runs.Median(Bare, result => result.Rate), BareCeiling));

        static double SteadyP99(SideResult result) => result.Figures["steady_p99_ms"];
        // Sides of less than ten seconds beyond a retention tell nothing of it.
        static string Say(double trend) => double.IsNaN(trend) ? "not told" : string.Create(CultureInfo.InvariantCulture, $"{trend:+0.000;-0.000;0} s/s");
    }

    /// <summary>For people: what is judged is this build alone.</summary>
    static string CompareBuilds(BenchRuns runs)
    {
        if (!runs.Of(Other).Any())
            return "";
        Ratio rate = runs.Compare(Service, Other, result => result.Rate), cpu = runs.Compare(Service, Other, result => result.Figures["cpu_us_per_callback"]);
        return string.Create(CultureInfo.InvariantCulture, $", against the other build: rate {rate}; CPU of a callback {cpu}");
    }

    public override async ValueTask CleanUpAsync()
    {
        await (_upstream?.DisposeAsync() ?? default);
        await (_postgres?.DisposeAsync() ?? default);
    }

    static async Task<SideResult> MeasureBareAsync(BenchContext context)
    {
        var url = new Uri($"http://127.0.0.1:{FreePort.Take()}/");
        await using Part part = Part.Start(Programs.Own("intake", $"--urls={url}"));
        await part.UntilAnswersAsync(new Uri(url, "count"), context.Stop);
        using var client = new HttpClient();
        await using Sampler sampler = new Sampler(context).Watch("memory", "MiB", () => part.Mebibytes).WatchRate("CPU", "cores", () => part.CpuSeconds);
        return await MeasureAsync(
            Bare, url, () => part.CpuSeconds, async () => double.Parse(await client.GetStringAsync(new Uri(url, "count")), CultureInfo.InvariantCulture), sampler, context);
    }

    static async Task<SideResult> MeasureAsync(
        string side, Uri url, Func<double> cpuSeconds, Func<Task<double>> count, Sampler sampler, BenchContext context)
    {
        // Hot code is what is compared: the runtime compiles it twice before it is, which takes a quarter of a core for up to 20 s.
        await Wrk.RunAsync(context, url, TimeSpan.FromSeconds(context.Size(20, 1)));
        sampler.Start();
        double cpu = cpuSeconds(), before = await count();
        Wrk full = await Wrk.RunAsync(context, url, TimeSpan.FromSeconds(context.Seconds(60)));
        cpu = cpuSeconds() - cpu;
        double counted = await count() - before;
        var result = new SideResult(side, "callbacks") { Seconds = full.Seconds, Units = full.Answered, Latency = full.Latency, Series = await sampler.StopAsync() };
        result.Require(full.Failed <= (context.IsSmoke ? full.Answered : 0), $"{full.Failed} callbacks were not answered 202");
        // wrk leaves before its last answers, one for each connection.
        result.Require(counted >= full.Answered, $"{full.Answered} callbacks were answered, {counted} were counted behind the server");
        result.Figures["cpu_us_per_callback"] = cpu / full.Answered * 1e6;
        result.Figures["cpu_us_per_id"] = cpu / full.Answered * 1e4;

        // The generator's code is cold in the first side, and the server's for groups as small as these: compiling takes a third of a core meanwhile.
        double rate = context.IsSmoke ? 500 : SteadyRate;
        var steady = new OpenLoop(url, rate, Wrk.Connections, number => CallbackRequest.Distinct(number % 2048, 100)) { Warmup = TimeSpan.FromSeconds(context.Size(5, 0)) };
        await steady.RunAsync(TimeSpan.FromSeconds(context.Size(15, 1)), context.Stop);
        steady.RequireAnswers(result, context);
        result.Figures["steady_p50_ms"] = steady.Latencies.Summarize()!.P50Ms;
        result.Figures["steady_p99_ms"] = steady.Latencies.Summarize()!.P99Ms;
        return result;
    }

    /// <summary>Slope of the least squares from a moment on; null when there is too little after it to tell.</summary>
    static double? Trend(Series series, double from)
    {
        const double LeastSeconds = 10;
        (double X, double Y)[] points = [.. series.Seconds.Zip(series.Values).Where(point => point.First >= from)];
        if (points.Length < 2 || points[^1].X - points[0].X < LeastSeconds)
            return null;
        double x = points.Average(point => point.X), y = points.Average(point => point.Y);
        return points.Sum(point => (point.X - x) * (point.Y - y)) / points.Sum(point => (point.X - x) * (point.X - x));
    }
}

using System.Globalization;
using Callbacks.Bench.Framework;
using Callbacks.Bench.Load;
using Callbacks.Bench.Parts;

namespace Callbacks.Bench.Benches;

/// <summary>As many lookups in flight as file descriptors allow, each taking seconds: whether every place is always taken, and at what memory.</summary>
sealed class LookupWideBench : Measurement
{
    const string Service = "service";
    const double RatioMin = 0.98, MebibytesMax = 500e6 / (1 << 20);
    const int InFlightMax = 15_000;
    const double CeilingPerSecond = InFlightMax / UpstreamPart.MeanLatencySeconds;
    const int IdsPerCallback = 100;

    // All places are taken after the first answers, and the upstream's latencies have spread after some more.
    const int WarmupSeconds = 15;

    // A little more than can be asked, so that there is always somebody waiting.
    const double SupplyPerSecond = CeilingPerSecond * 1.1;

    Postgres? _postgres;
    UpstreamPart? _upstream;

    public override string Name => "lookup-wide";

    public override string What => "lookups per second with 15,000 in flight at 300 to 4,299 ms : 15,000 / mean latency; at least 0.98, at most 500 MB.";

    public override IReadOnlyList<string> Sides => [Service];

    public override async Task PrepareAsync(BenchContext context)
    {
        _postgres = await Postgres.StartAsync(context.Stop);
        _upstream = await UpstreamPart.StartTesterAsync(context);
    }

    public override async Task<SideResult> MeasureAsync(string side, BenchContext context)
    {
        await using Rig rig = await Rig.StartAsync(context, _postgres!, _upstream!.Url, $"--Lookup:InFlightMax={context.Size(InFlightMax, 1_000)}");
        await using Sampler sampler = rig.Watch(context).Watch("in flight", "lookups", async () => (await rig.Service.StatusAsync()).Lookup.InFlight).Start();
        TimeSpan warmup = TimeSpan.FromSeconds(context.Size(WarmupSeconds, 1)), measured = TimeSpan.FromSeconds(context.Seconds(25));
        var load = new OpenLoop(rig.Service.Url, context.IsSmoke ? 10 : SupplyPerSecond / IdsPerCallback, 16, number => CallbackRequest.Distinct(number, IdsPerCallback));
        Task loading = load.RunAsync(warmup + measured, context.Stop);
        // The window's ids are there at once, instead of as they come.
        await BenchContext.WaitAsync(warmup, context.Stop);
        ServiceStatus before = await rig.Service.StatusAsync();
        long start = BenchContext.Time.GetTimestamp();
        double cpu = rig.Service.CpuSeconds;
        await BenchContext.WaitAsync(measured, context.Stop);
        ServiceStatus after = await rig.Service.StatusAsync();
        double seconds = BenchContext.Time.GetElapsedTime(start).TotalSeconds;
        cpu = rig.Service.CpuSeconds - cpu;
        await loading;
        long answers = after.Lookup.Answers - before.Lookup.Answers;
        List<Series> series = await sampler.StopAsync();
        var result = new SideResult(Service, "lookups") { Seconds = seconds, Units = answers, Series = series, Latency = load.Latencies.Summarize() };
        result.Figures["memory_mib_max"] = series.First(one => one.Name == "memory").Values.Max();
        result.Figures["cpu_us_per_id"] = cpu / answers * 1e6;
        result.Figures["in_flight"] = after.Lookup.InFlight;
        load.RequireAnswers(result, context);
        result.Require(after.Lookup.Attempts == after.Lookup.Answers, $"{after.Lookup.Attempts - after.Lookup.Answers} lookups failed");
        // A second or two beside everything else may be too short for the first.
        result.Require(answers > 0 || (context.IsSmoke && await rig.Service.UntilAnsweredAsync(context.Stop)), "there were no answers");
        return result;
    }

    public override Verdict Judge(BenchRuns runs, BenchContext context)
    {
        Ratio ratio = Ratio.Of(runs.Of(Service).Select(result => result.Rate / CeilingPerSecond));
        double memory = runs.Worst(Service, result => result.Figures["memory_mib_max"]);
        return new Verdict(
            string.Create(CultureInfo.InvariantCulture, $"{ratio} of {CeilingPerSecond:N0} lookups/s, at most {memory:N0} MiB"),
            ratio.Median >= RatioMin && memory <= MebibytesMax, ratio);
    }

    public override async ValueTask CleanUpAsync()
    {
        await (_upstream?.DisposeAsync() ?? default);
        await (_postgres?.DisposeAsync() ?? default);
    }
}

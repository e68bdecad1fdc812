using System.Diagnostics.Metrics;
using System.Reflection;

namespace Callbacks.Telemetry;

/// <summary>
/// The service's one meter. Each stage makes the instruments for its own figures; most are observed, and read counters that are
/// there anyway, when somebody asks.
/// </summary>
sealed class CallbackMeter
{
    public const string Name = "Callbacks";

    /// <summary>From what an idle disk or a near upstream takes to what outlives the retention.</summary>
    static readonly InstrumentAdvice<double> Durations = new()
    {
        HistogramBucketBoundaries = [0.0005, 0.001, 0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.3, 0.5, 0.75, 1, 1.5, 2, 2.5, 3, 3.5, 4, 4.5, 5, 7.5, 10, 15, 20, 30],
    };

    static readonly InstrumentAdvice<int> Sizes = new() { HistogramBucketBoundaries = [1, 2, 5, 10, 20, 50, 100, 200, 500, 1_000, 2_000, 5_000, 10_000, 20_000, 50_000] };

    readonly Meter _meter;

    public CallbackMeter(IMeterFactory meters)
    {
        _meter = meters.Create(Name, Version);
        _meter.CreateObservableGauge(
            "callback.build_info", () => new Measurement<int>(1, new KeyValuePair<string, object?>("version", Version)), description: "Always 1; the label says which build this is.");
    }

    /// <summary>Of the build, without the commit.</summary>
    public static string Version { get; } =
        typeof(CallbackMeter).Assembly.GetCustomAttribute<AssemblyInformationalVersionAttribute>()!.InformationalVersion.Split('+')[0];

    public void Count(string name, string unit, string description, Func<long> read) => _meter.CreateObservableCounter(name, read, unit, description);

    /// <param name="tag">The one label, whose values are few and known.</param>
    public void Count(string name, string unit, string description, string tag, Func<IEnumerable<(string Value, long Count)>> read) =>
        _meter.CreateObservableCounter(
            name, () => read().Select(counted => new Measurement<long>(counted.Count, new KeyValuePair<string, object?>(tag, counted.Value))), unit, description);

    public void Show(string name, string unit, string description, Func<double> read) => _meter.CreateObservableGauge(name, read, unit, description);

    public Histogram<double> Time(string name, string description) => _meter.CreateHistogram(name, "s", description, tags: null, Durations);

    public Histogram<int> Size(string name, string unit, string description) => _meter.CreateHistogram(name, unit, description, tags: null, Sizes);
}

/// <summary>A stage's instruments, which exist from the start of the process on.</summary>
interface IInstruments;

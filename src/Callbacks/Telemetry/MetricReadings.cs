using OpenTelemetry;
using OpenTelemetry.Metrics;

namespace Callbacks.Telemetry;

enum MetricKind
{
    Counter,
    Gauge,
    Histogram,
}

/// <summary>One metric at one moment.</summary>
/// <param name="Name">As its instrument is called.</param>
readonly record struct MetricReading(string Name, MetricKind Kind, string Unit, string Description, IReadOnlyList<SeriesReading> Series);

/// <param name="Value">Of a counter or a gauge.</param>
/// <param name="Histogram">Of a histogram, else null.</param>
readonly record struct SeriesReading(IReadOnlyList<KeyValuePair<string, object?>> Tags, double Value, HistogramReading? Histogram);

/// <summary>Since the start of the process.</summary>
/// <param name="Bounds">Upper bounds of the buckets, ascending; the last bucket has none and is infinity.</param>
/// <param name="Counts">What fell into each bucket.</param>
sealed record HistogramReading(double[] Bounds, long[] Counts, long Count, double Sum);

/// <summary>All metrics as they are now, for those who ask: <c>/metrics</c> and the dashboard.</summary>
sealed class MetricReadings : IDisposable
{
    readonly Lock _lock = new();
    readonly Exporter _exporter = new();

    public MetricReadings() => Reader = new BaseExportingMetricReader(_exporter);

    public MetricReader Reader { get; }

    public IReadOnlyList<MetricReading> Read()
    {
        lock (_lock)
        {
            _exporter.Readings = [];
            Reader.Collect();
            return _exporter.Readings;
        }
    }

    public void Dispose() => Reader.Dispose();

    sealed class Exporter : BaseExporter<Metric>
    {
        public List<MetricReading> Readings { get; set; } = [];

        public override ExportResult Export(in Batch<Metric> batch)
        {
            foreach (Metric metric in batch)
            {
                var series = new List<SeriesReading>();
                foreach (ref readonly MetricPoint point in metric.GetMetricPoints())
                    series.Add(Read(metric.MetricType, in point));
                Readings.Add(new MetricReading(metric.Name, KindOf(metric.MetricType), metric.Unit, metric.Description, series));
            }

            return ExportResult.Success;
        }

        static SeriesReading Read(MetricType type, in MetricPoint point)
        {
            var tags = new List<KeyValuePair<string, object?>>();
            foreach (KeyValuePair<string, object?> tag in point.Tags)
                tags.Add(tag);
            return type.IsHistogram()
                ? new SeriesReading(tags, 0, ReadHistogram(in point))
                : new SeriesReading(tags, ReadValue(type, in point), null);
        }

        static double ReadValue(MetricType type, in MetricPoint point) => type switch
        {
            _ when type.IsGauge() => type.IsDouble() ? point.GetGaugeLastValueDouble() : point.GetGaugeLastValueLong(),
            _ => type.IsDouble() ? point.GetSumDouble() : point.GetSumLong(),
        };

        static HistogramReading ReadHistogram(in MetricPoint point)
        {
            var bounds = new List<double>();
            var counts = new List<long>();
            foreach (HistogramBucket bucket in point.GetHistogramBuckets())
            {
                bounds.Add(bucket.ExplicitBound);
                counts.Add(bucket.BucketCount);
            }

            return new HistogramReading([.. bounds], [.. counts], point.GetHistogramCount(), point.GetHistogramSum());
        }

        static MetricKind KindOf(MetricType type) => type.IsHistogram()
            ? MetricKind.Histogram
            // What goes up and down is a gauge to Prometheus.
            : type is MetricType.LongSum or MetricType.DoubleSum ? MetricKind.Counter : MetricKind.Gauge;
    }
}

using System.Globalization;
using System.Text;
using Callbacks.Telemetry;

namespace Callbacks.View.Metrics;

/// <summary>
/// Metrics in Prometheus' text format 0.0.4. Names and units are translated as OpenTelemetry's specification says: dots become
/// underscores, the unit is written out behind the name, and a counter ends in <c>_total</c>.
/// </summary>
static class PrometheusText
{
    public const string ContentType = "text/plain; version=0.0.4; charset=utf-8";

    public static string Write(IEnumerable<MetricReading> readings)
    {
        var text = new StringBuilder();
        foreach (MetricReading reading in readings)
        {
            string name = NameOf(reading);
            text.Append(CultureInfo.InvariantCulture, $"# HELP {name} {Escape(reading.Description)}\n# TYPE {name} {TypeOf(reading.Kind)}\n");
            foreach (SeriesReading series in reading.Series)
            {
                string labels = string.Join(',', series.Tags.Select(tag => $"{Underscored(tag.Key)}=\"{Escape($"{tag.Value}").Replace("\"", "\\\"", StringComparison.Ordinal)}\""));
                if (series.Histogram is { } histogram)
                    AppendHistogram(text, name, labels, histogram);
                else
                    AppendLine(text, name, labels, series.Value);
            }
        }

        return text.ToString();
    }

    static string NameOf(in MetricReading reading)
    {
        string name = Underscored(reading.Name);
        // What stands in braces only says what is counted.
        string unit = reading.Unit switch
        {
            "s" => "seconds",
            "By" => "bytes",
            _ => "",
        };
        if (unit.Length > 0 && !name.EndsWith("_" + unit, StringComparison.Ordinal))
            name += "_" + unit;
        return reading.Kind == MetricKind.Counter ? name + "_total" : name;
    }

    static void AppendHistogram(StringBuilder text, string name, string labels, HistogramReading histogram)
    {
        string prefix = labels.Length == 0 ? "" : labels + ",";
        long count = 0;
        for (int i = 0; i < histogram.Counts.Length; i++)
        {
            count += histogram.Counts[i];
            AppendLine(text, name + "_bucket", $"{prefix}le=\"{Number(histogram.Bounds[i])}\"", count);
        }

        AppendLine(text, name + "_sum", labels, histogram.Sum);
        AppendLine(text, name + "_count", labels, histogram.Count);
    }

    static void AppendLine(StringBuilder text, string name, string labels, double value)
    {
        text.Append(name);
        if (labels.Length > 0)
            text.Append('{').Append(labels).Append('}');
        text.Append(' ').Append(Number(value)).Append('\n');
    }

    static string Number(double value) => double.IsPositiveInfinity(value) ? "+Inf" : value.ToString("R", CultureInfo.InvariantCulture);

    static string TypeOf(MetricKind kind) => kind switch
    {
        MetricKind.Counter => "counter",
        MetricKind.Gauge => "gauge",
        _ => "histogram",
    };

    static string Underscored(string name) => string.Concat(name.Select(letter => char.IsAsciiLetterOrDigit(letter) ? letter : '_'));

    static string Escape(string text) => text.Replace("\\", @"\\", StringComparison.Ordinal).Replace("\n", "\\n", StringComparison.Ordinal);
}

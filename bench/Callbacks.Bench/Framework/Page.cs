using System.Globalization;
using System.Net;
using System.Text;

namespace Callbacks.Bench.Framework;

/// <summary>A report as one HTML file that needs nothing from outside.</summary>
static class Page
{
    const string Style = """
        body{font:15px/1.5 system-ui,sans-serif;max-width:1320px;margin:2em auto;padding:0 1em;color:#222;background:#fff}
        table{border-collapse:collapse;margin:1em 0}td,th{padding:.25em .8em;border-bottom:1px solid #ddd;text-align:right}
        td:first-child,th:first-child{text-align:left}svg{width:100%;font:11px system-ui,sans-serif;fill:#333}
        .t{font-weight:600;font-size:13px}.g{stroke:#e4e4e4}.plots{display:grid;grid-template-columns:repeat(auto-fit,minmax(420px,1fr));gap:1.2em}
        .key span{margin-right:1.4em}.verdict{font-size:1.15em;font-weight:600}
        """;

    public static string Of(Report report)
    {
        string[] sides = [.. report.Results.Select(result => result.Side).Distinct(StringComparer.Ordinal)];
        var page = new StringBuilder();
        page.Append(CultureInfo.InvariantCulture, $"""<!doctype html><html lang="en"><meta charset="utf-8"><title>{Text(report.Name)}</title><style>{Style}</style><h1>{Text(report.Name)}</h1><p>{Text(report.What)}</p>""");
        page.Append(CultureInfo.InvariantCulture, $"""<p class="verdict">{Text(report.IsSmoke ? $"{report.Verdict.Text}: a smoke run, nothing judged" : report.Verdict.Line(report.Name))}</p>""");
        Machine machine = report.Machine;
        page.Append(CultureInfo.InvariantCulture, $"<p>{report.At.UtcDateTime:yyyy-MM-dd HH:mm:ss} UTC, commit {Text(machine.Commit)}, {Text(machine.Processor)}, {machine.Cores} cores, {machine.MemoryGib} GiB, {Text(machine.System)}, {Text(machine.Runtime)}, load before {machine.LoadBefore}</p>");
        page.Append("<p class=\"key\">");
        foreach (string side in sides)
            page.Append(CultureInfo.InvariantCulture, $"""<span style="color:{ColourOf(side)}">&#9632; {Text(side)}</span>""");
        page.Append("</p>");
        AppendTable(page, report.Results);
        page.Append("<div class=\"plots\">");
        AppendBars(page, report.Results, ColourOf);
        AppendLatencies(page, report.Results, ColourOf);
        AppendSeries(page, report.Results, ColourOf);
        return page.Append("</div></html>\n").ToString();

        string ColourOf(string side) => Plot.ColourOf(Array.IndexOf(sides, side));
    }

    static void AppendTable(StringBuilder page, IReadOnlyList<SideResult> results)
    {
        string[] figures = FiguresOf(results);
        page.Append("<table><tr><th>side<th>run<th>seconds<th>count<th>per second<th>p50 ms<th>p90 ms<th>p99 ms<th>p99.9 ms<th>max ms");
        foreach (string figure in figures)
            page.Append(CultureInfo.InvariantCulture, $"<th>{Text(figure.Replace('_', ' '))}");
        foreach (SideResult result in results)
        {
            page.Append(CultureInfo.InvariantCulture, $"<tr><td>{Text(result.Side)}<td>{result.Run}<td>{result.Seconds:F1}<td>{result.Units:N0} {Text(result.Unit)}<td>{result.Rate:N0}");
            LatencySummary? latency = result.Latency;
            foreach (double? value in new[] { latency?.P50Ms, latency?.P90Ms, latency?.P99Ms, latency?.P999Ms, latency?.MaxMs })
                page.Append(CultureInfo.InvariantCulture, $"<td>{value:F2}");
            foreach (string figure in figures)
                page.Append(CultureInfo.InvariantCulture, $"<td>{(result.Figures.TryGetValue(figure, out double value) ? Number.Text(value) : "")}");
        }

        page.Append("</table>");
        foreach (SideResult result in results.Where(result => result.Problems.Count > 0))
            page.Append(CultureInfo.InvariantCulture, $"<p>{Text(result.Side)}, run {result.Run}: {Text(string.Join("; ", result.Problems))}</p>");
    }

    static void AppendBars(StringBuilder page, IReadOnlyList<SideResult> results, Func<string, string> colourOf)
    {
        if (results.Any(result => result.Units > 0))
            page.Append(Plot.Bars($"{results[0].Unit} per second", [.. results.Select(result => (Label(result), colourOf(result.Side), result.Rate))]));
        foreach (string figure in FiguresOf(results))
        {
            page.Append(Plot.Bars(figure.Replace('_', ' '), [.. results.Where(result => result.Figures.ContainsKey(figure))
                .Select(result => (Label(result), colourOf(result.Side), result.Figures[figure]))]));
        }
    }

    /// <summary>Against nines (90 = 1, 99 = 2, 99.9 = 3), so that the tail is seen.</summary>
    static void AppendLatencies(StringBuilder page, IReadOnlyList<SideResult> results, Func<string, string> colourOf) =>
        page.Append(Plot.Lines("latency, ms", "nines: 1 is p90, 2 is p99, 3 is p99.9", [.. results.Where(result => result.Latency is not null)
            .Select(result => (colourOf(result.Side), (IReadOnlyList<(double, double)>)[.. result.Latency!.Curve.Where(point => point[0] is > 0 and < 100)
                .Select(point => (-Math.Log10(1 - point[0] / 100), point[1]))]))]));

    static void AppendSeries(StringBuilder page, IReadOnlyList<SideResult> results, Func<string, string> colourOf)
    {
        foreach (string name in results.SelectMany(result => result.Series).Select(series => series.Name).Distinct(StringComparer.Ordinal))
        {
            (SideResult Result, Series Series)[] all = [.. results.SelectMany(result => result.Series.Where(series => series.Name == name).Select(series => (result, series)))];
            page.Append(Plot.Lines($"{name}, {all[0].Series.Unit}", "s", [.. all.Select(one =>
                (colourOf(one.Result.Side), (IReadOnlyList<(double, double)>)[.. one.Series.Seconds.Zip(one.Series.Values)]))]));
        }
    }

    static string[] FiguresOf(IEnumerable<SideResult> results) =>
        [.. results.SelectMany(result => result.Figures.Keys).Distinct(StringComparer.Ordinal).Order(StringComparer.Ordinal)];

    static string Label(SideResult result) => $"{result.Side} {result.Run}";

    static string Text(string text) => WebUtility.HtmlEncode(text);
}

using System.Globalization;
using System.Net;
using System.Text;

namespace Callbacks.Bench.Framework;

/// <summary>Lines in one frame as inline SVG: nothing is fetched, and it prints.</summary>
static class Plot
{
    const int Width = 620, Height = 240, Left = 70, Right = 12, Top = 28, Bottom = 34;
    const int TicksWanted = 5;

    static readonly string[] Colours = ["#1b6ca8", "#d1495b", "#3a7d44", "#8f5db7", "#c98a1b", "#4a4a4a"];

    public static string ColourOf(int index) => Colours[index % Colours.Length];

    /// <param name="title">Above it.</param>
    /// <param name="horizontal">Name and unit of the horizontal axis.</param>
    /// <param name="lines">Each with its colour, and its points from left to right.</param>
    public static string Lines(string title, string horizontal, IReadOnlyList<(string Colour, IReadOnlyList<(double X, double Y)> Points)> lines)
    {
        List<(double X, double Y)> all = [.. lines.SelectMany(line => line.Points).Where(point => double.IsFinite(point.Y))];
        if (all.Count == 0)
            return "";
        double step = StepOf(all.Max(point => point.Y));
        double top = Math.Max(step, Math.Ceiling(all.Max(point => point.Y) / step) * step);
        double first = all.Min(point => point.X), last = Math.Max(all.Max(point => point.X), first + 1e-9);
        var svg = new StringBuilder();
        svg.Append(CultureInfo.InvariantCulture, $"""<svg viewBox="0 0 {Width} {Height}" role="img"><text x="{Left}" y="16" class="t">{WebUtility.HtmlEncode(title)}</text>""");
        for (double value = 0; value <= top + step / 2; value += step)
        {
            svg.Append(CultureInfo.InvariantCulture, $"""<line x1="{Left}" x2="{Width - Right}" y1="{Y(value):F1}" y2="{Y(value):F1}" class="g"/><text x="{Left - 6}" y="{Y(value) + 4:F1}" text-anchor="end">{Number.Text(value)}</text>""");
        }

        double across = StepOf(last - first);
        for (double value = Math.Ceiling(first / across) * across; value <= last; value += across)
            svg.Append(CultureInfo.InvariantCulture, $"""<text x="{X(value):F1}" y="{Height - Bottom + 16}" text-anchor="middle">{Number.Text(value)}</text>""");
        svg.Append(CultureInfo.InvariantCulture, $"""<text x="{Width - Right}" y="{Height - 4}" text-anchor="end">{WebUtility.HtmlEncode(horizontal)}</text>""");
        foreach ((string colour, IReadOnlyList<(double X, double Y)> points) in lines)
        {
            string path = string.Join(' ', points.Where(point => double.IsFinite(point.Y)).Select(point => string.Create(CultureInfo.InvariantCulture, $"{X(point.X):F1},{Y(point.Y):F1}")));
            svg.Append(CultureInfo.InvariantCulture, $"""<polyline points="{path}" fill="none" stroke="{colour}" stroke-width="1.5"/>""");
        }

        return svg.Append("</svg>").ToString();

        double X(double value) => Left + (value - first) / (last - first) * (Width - Left - Right);
        double Y(double value) => Height - Bottom - value / top * (Height - Top - Bottom);
    }

    /// <summary>Bars of one figure, one for each side and run.</summary>
    public static string Bars(string title, IReadOnlyList<(string Name, string Colour, double Value)> bars)
    {
        const int Row = 22, Names = 150, Values = 90;
        bars = [.. bars.Where(bar => double.IsFinite(bar.Value))];
        double top = bars.Select(bar => bar.Value).DefaultIfEmpty(0).Max();
        var svg = new StringBuilder();
        svg.Append(CultureInfo.InvariantCulture, $"""<svg viewBox="0 0 {Width} {Top + Row * bars.Count}" role="img"><text x="0" y="16" class="t">{WebUtility.HtmlEncode(title)}</text>""");
        for (int i = 0; i < bars.Count; i++)
        {
            int y = Top + Row * i;
            double width = top > 0 ? bars[i].Value / top * (Width - Names - Values) : 0;
            svg.Append(CultureInfo.InvariantCulture, $"""<text x="{Names - 6}" y="{y + 14}" text-anchor="end">{WebUtility.HtmlEncode(bars[i].Name)}</text><rect x="{Names}" y="{y + 3}" width="{Math.Max(0, width):F1}" height="15" fill="{bars[i].Colour}"/><text x="{Names + Math.Max(0, width) + 6:F1}" y="{y + 14}">{Number.Text(bars[i].Value)}</text>""");
        }

        return svg.Append("</svg>").ToString();
    }

    /// <summary>1, 2 or 5 times a power of ten, for about five ticks.</summary>
    static double StepOf(double range)
    {
        if (range <= 0)
            return 1;
        double rough = range / TicksWanted, power = Math.Pow(10, Math.Floor(Math.Log10(rough)));
        return (rough / power) switch { <= 1 => power, <= 2 => 2 * power, <= 5 => 5 * power, _ => 10 * power };
    }
}

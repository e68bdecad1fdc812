using Callbacks.Tester.Screen;
using Spectre.Console;
using Spectre.Console.Rendering;

namespace Callbacks.Tester.Send;

/// <summary>How it goes, as a picture for a terminal.</summary>
sealed class SendScreen(SendPlan plan, int width)
{
    /// <summary>Of the longest label of the figures and of the bars, with its distance.</summary>
    const int LabelWidth = 14;

    const int CountWidth = 10;
    const int BarWidthMin = 10;

    int BarWidth => Math.Max(BarWidthMin, width - LabelWidth - CountWidth - 2);

    /// <param name="state">The figures.</param>
    /// <param name="isStopping">Whether the sending was ended before its time.</param>
    /// <param name="isOver">Whether this is the last picture.</param>
    public IRenderable Draw(SendState state, bool isStopping, bool isOver)
    {
        var rows = new List<IRenderable>
        {
            new Markup($"[bold]{plan.Url.ToString().EscapeMarkup()}callback[/]  [dim]seed {plan.Seed}[/]"),
            new Markup(Progress(state, isStopping, isOver)),
            Text.Empty,
            Figures(state, isOver),
        };
        if (state.Latencies.Count > 0)
            rows.AddRange([Text.Empty, Latencies(state.Latencies)]);
        if (state.BegunEachSecond.Length > 1)
            rows.AddRange([Text.Empty, LastMinute(state)]);
        // Room for the ^C that a terminal shows behind the last line.
        rows.Add(Text.Empty);
        return new Rows(rows);
    }

    string Progress(SendState state, bool isStopping, bool isOver)
    {
        string elapsed = Figure.Length(state.Elapsed);
        if (isOver)
            return isStopping ? $"[yellow]ended by hand[/] after {elapsed}" : $"[green]done[/] in {elapsed}";
        if (isStopping)
        {
            string patience = Figure.Latency((long)plan.Patience.TotalMicroseconds);
            return $"[yellow]ending[/] after {elapsed}: waiting for {Figure.Count(state.Begun - state.Ended)} answers, at most {patience}";
        }

        if (plan.Duration is not { } duration)
            return $"{elapsed}, until Ctrl-C";

        string of = $"{elapsed} of {Figure.Length(duration)}";
        int barWidth = Math.Max(BarWidthMin, width - of.Length - 2);
        string bar = new('━', (int)(Math.Min(1, state.Elapsed / duration) * barWidth));
        return $"[blue]{bar}[/][dim]{new string('━', barWidth - bar.Length)}[/]  {of}";
    }

    static Grid Figures(SendState state, bool isOver)
    {
        Grid grid = NewGrid();
        string now = isOver ? "" : $"{Figure.Rate(state.RateNow)} now, ";
        Add(grid, "sent", Figure.Count(state.Begun), $"{now}{Figure.Rate(state.RateOverall)} overall; {Figure.Count(state.Ids)} ids");
        Add(grid, "accepted", $"[green]{Figure.Count(state.Accepted)}[/]", "");
        AddBad(grid, "not accepted", state.NotAccepted, "red");
        AddBad(grid, "no answer", state.Unanswered, "yellow");
        if (!isOver)
            Add(grid, "under way", Figure.Count(state.Begun - state.Ended), "");
        return grid;
    }

    Grid Latencies(LatencyHistogram latencies)
    {
        Grid grid = NewGrid();
        Add(grid, "latency", "", string.Join("  ", new[] { (0.5, "p50"), (0.95, "p95"), (0.99, "p99"), (1, "max") }
            .Select(quantile => $"[dim]{quantile.Item2}[/] {Figure.Latency(latencies.Quantile(quantile.Item1))}")));
        IReadOnlyList<LatencyBar> bars = LatencyBar.Of(latencies);
        long most = bars.Max(bar => bar.Count);
        foreach (LatencyBar bar in bars)
        {
            string label = bar.UpTo == int.MaxValue ? "longer" : $"up to {Figure.Latency(bar.UpTo)}";
            Add(grid, label, Figure.Count(bar.Count), $"[blue]{Bar.Of((double)bar.Count / most, BarWidth)}[/]");
        }

        return grid;
    }

    Grid LastMinute(SendState state)
    {
        Grid grid = NewGrid();
        Add(grid, "last minute", "at most", "[dim]each second, the newest on the right[/]");
        Add(grid, "sent", Figure.Count(state.BegunEachSecond.Max()), Plot(state.BegunEachSecond));
        Add(grid, "slowest", Figure.Latency(state.SlowestEachSecond.Max()), Plot(state.SlowestEachSecond));
        return grid;
    }

    string Plot(long[] values) => $"[blue]{Sparkline.Of([.. values.TakeLast(BarWidth)])}[/]";

    static void AddBad(Grid grid, string label, IEnumerable<KeyValuePair<string, long>> counts, string colour)
    {
        long total = counts.Sum(pair => pair.Value);
        if (total == 0)
            Add(grid, label, "0", "");
        else
            Add(grid, label, $"[{colour}]{Figure.Count(total)}[/]", Figure.List(counts));
    }

    static Grid NewGrid() => new Grid()
        .AddColumn(new GridColumn().Width(LabelWidth).Padding(0, 0).NoWrap())
        .AddColumn(new GridColumn().Width(CountWidth).Padding(0, 0).NoWrap().RightAligned())
        .AddColumn(new GridColumn().Padding(2, 0, 0, 0).NoWrap());

    static void Add(Grid grid, string label, string count, string rest) =>
        grid.AddRow(new Markup($"[dim]{label}[/]"), new Markup(count), new Markup(rest));
}

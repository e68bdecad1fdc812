using Callbacks.Tester.Records;
using Callbacks.Tester.Screen;
using Spectre.Console;
using Spectre.Console.Rendering;

namespace Callbacks.Tester.Verify;

/// <summary>The verdict as a picture for a terminal: what <see cref="VerdictReport"/> says, in the same order.</summary>
sealed class VerdictScreen(Verdict verdict, string? status)
{
    const int BarWidth = 20;

    public IRenderable Draw()
    {
        var rows = new List<IRenderable> { Records(), Text.Empty, Outcomes() };
        if (Enum.GetValues<Wrong>().Any(wrong => verdict[wrong] > 0))
            rows.AddRange([Text.Empty, Wrongs()]);
        rows.AddRange(Examples());
        if (status is not null)
            rows.AddRange([Text.Empty, new Markup("[dim]status[/]"), new Text(status)]);
        string figures = $"missed {Figure.Count(verdict.Missed)}, wrong {Figure.Count(verdict.WrongTotal)}, judged {verdict.JudgedShare:P2}";
        rows.AddRange([Text.Empty, new Markup($"{(verdict.IsGood ? "[bold green]GOOD[/]" : "[bold red]BAD[/]")}: {figures}")]);
        return new Rows(rows);
    }

    Grid Records()
    {
        Grid grid = new Grid().AddColumn(new GridColumn().Width(11).Padding(0, 0).NoWrap()).AddColumn(new GridColumn().Padding(0, 0));
        Add("callbacks", $"{Figure.Count(verdict.Callbacks)}; {Figure.Count(verdict.Promoted)} unanswered ones turned out to count");
        Add("lookups", $"{Figure.Count(verdict.Lookups)}; {Figure.Count(verdict.OverlappingLookups)} of them while another of the same id was running");
        Add("changes", $"{Figure.Count(verdict.Changes)}; {Figure.Count(verdict.Sweeps)} of them sweeps");
        Add("swept", $"p50 {Late(0.5)}, p99 {Late(0.99)}, max {Late(1)} after last_seen + {verdict.Rules.Retention / Moment.PerSecond} s,"
            + $" of {Figure.Count(verdict.Lateness.Count)} rows that only it covered");
        return grid;

        void Add(string label, string text) => grid.AddRow(new Markup($"[dim]{label}[/]"), new Text(text));
    }

    Table Outcomes()
    {
        Table table = NewTable()
            .AddColumn("[bold]sightings[/]")
            .AddColumn(new TableColumn("").RightAligned()).AddColumn(new TableColumn("").RightAligned()).AddColumn("");
        foreach (SightingOutcome outcome in Enum.GetValues<SightingOutcome>())
        {
            double share = verdict.Sightings == 0 ? 0 : (double)verdict[outcome] / verdict.Sightings;
            bool bad = outcome == SightingOutcome.Missed && verdict.Missed > 0;
            string style = bad ? "bold red" : verdict[outcome] == 0 ? "dim" : "default";
            table.AddRow(
                new Markup($"[{style}]{Figure.Words(outcome)}[/]"),
                new Markup($"[{style}]{Figure.Count(verdict[outcome])}[/]"),
                new Markup($"[{style}]{share:P2}[/]"),
                new Markup($"[{(bad ? "red" : "blue")}]{Bar.Of(share, BarWidth)}[/]"));
        }

        string passedOver = verdict.Rules.Strict ? "passed over (wrong)" : "passed over (no verdict)";
        table.AddEmptyRow();
        table.AddRow($"[dim]{passedOver}[/]", $"[dim]{Figure.Count(verdict.PassedOver)}[/]");
        return table;
    }

    Table Wrongs()
    {
        Table table = NewTable().AddColumn("[bold]wrong[/]").AddColumn(new TableColumn("").RightAligned());
        foreach (Wrong wrong in Enum.GetValues<Wrong>().Where(wrong => verdict[wrong] > 0))
            table.AddRow($"[red]{Figure.Words(wrong)}[/]", $"[bold red]{Figure.Count(verdict[wrong])}[/]");
        return table;
    }

    IEnumerable<IRenderable> Examples()
    {
        IEnumerable<(string Kind, long Count, IReadOnlyList<string> Lines)> kinds = Enum.GetValues<Wrong>()
            .Select(wrong => (Figure.Words(wrong), verdict[wrong], verdict.Examples(wrong)))
            .Append(("missed", verdict.Missed, verdict.MissedExamples));
        foreach ((string kind, long count, IReadOnlyList<string> lines) in kinds.Where(kind => kind.Count > 0))
        {
            yield return Text.Empty;
            yield return new Markup($"[red]{kind}[/]");
            foreach (string line in lines)
                yield return new Padder(new Text(line), new Padding(2, 0, 0, 0));
            if (count > lines.Count)
                yield return new Markup($"  [dim]... and {Figure.Count(count - lines.Count)} more[/]");
        }
    }

    string Late(double share) => Figure.Latency((long)(verdict.LateMs(share) * Moment.PerMillisecond));

    static Table NewTable() => new Table().Border(TableBorder.None);
}

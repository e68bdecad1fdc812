using Callbacks.Tester.Records;
using Callbacks.Tester.Screen;
using Spectre.Console;
using Spectre.Console.Rendering;

namespace Callbacks.Tester.Serve;

/// <summary>What is asked and answered, as a picture for a terminal. It only reads counters, so it costs the lookups nothing.</summary>
sealed class ServeScreen(Upstream upstream, TimeProvider time)
{
    readonly RecentSeconds _recent = new();
    readonly long _start = time.GetTimestamp();
    long _counted;

    /// <summary>Until the serving ends; the last picture stays.</summary>
    public Task ShowAsync(IAnsiConsole terminal, Task serving, CancellationToken stopping) =>
        LivePicture.ShowAsync(terminal, serving, () => Draw(serving.IsCompleted), time, stopping);

    /// <summary>For one thread at a time.</summary>
    /// <param name="isOver">Whether this is the last picture.</param>
    public IRenderable Draw(bool isOver)
    {
        TimeSpan elapsed = time.GetElapsedTime(_start);
        long second = (long)elapsed.TotalSeconds;
        (long ended, long begun) = (upstream.Ended, upstream.Begun);
        _recent.Count(second, begun - _counted);
        _counted = begun;

        KeyValuePair<LookupOutcome, long>[] outcomes = [.. upstream.ByOutcome()];
        string state = (isOver, upstream.Current.Away) switch
        {
            (true, _) => $"ended after {Figure.Length(elapsed)}",
            (_, true) => $"[yellow]away[/]; {Figure.Length(elapsed)}, until Ctrl-C",
            _ => $"listening; {Figure.Length(elapsed)}, until Ctrl-C",
        };
        Grid grid = new Grid()
            .AddColumn(new GridColumn().Width(12).Padding(0, 0).NoWrap())
            .AddColumn(new GridColumn().Padding(0, 0));
        grid.AddRow("[dim]upstream[/]", state);
        grid.AddRow("[dim]lookups[/]", $"{Figure.Count(begun)}, {Figure.Rate(_recent.Rate(second))} now; {Figure.Count(begun - ended)} in flight");
        grid.AddRow("[dim]answered[/]", $"[green]{List(outcomes.Where(pair => IsGood(pair.Key)))}[/]");
        string bad = List(outcomes.Where(pair => !IsGood(pair.Key)));
        grid.AddRow("[dim]not well[/]", bad == "0" ? bad : $"[yellow]{bad}[/]");
        // Room for the ^C that a terminal shows behind the last line.
        return new Rows(grid, Text.Empty);
    }

    static bool IsGood(LookupOutcome outcome) => new LookupRecord(0, 0, 0, outcome).IsGood;

    static string List(IEnumerable<KeyValuePair<LookupOutcome, long>> outcomes) =>
        Figure.List(outcomes.Select(pair => KeyValuePair.Create(Figure.Words(pair.Key), pair.Value)));
}

using Spectre.Console;
using Spectre.Console.Rendering;

namespace Callbacks.Tester.Screen;

/// <summary>A picture that is drawn again and again in the same place while work goes on beside it, and stays when the work has ended.</summary>
static class LivePicture
{
    static readonly TimeSpan Period = TimeSpan.FromMilliseconds(500);

    /// <summary>Ends as the work does, with its exception if there is one.</summary>
    public static async Task ShowAsync(
        IAnsiConsole terminal, Task work, Func<IRenderable> draw, TimeProvider time, CancellationToken stopping)
    {
        await terminal.Live(draw()).Overflow(VerticalOverflow.Crop).Cropping(VerticalOverflowCropping.Bottom).StartAsync(async live =>
        {
            while (!work.IsCompleted)
            {
                CancellationToken soon = stopping.IsCancellationRequested ? CancellationToken.None : stopping;
                await Task.WhenAny(work, Task.Delay(Period, time, soon));
                live.UpdateTarget(draw());
                // A second Ctrl-C ends the process at once, and would leave the terminal without the cursor that is hidden meanwhile.
                if (stopping.IsCancellationRequested)
                    terminal.Cursor.Show();
            }
        });
        await work;
    }
}

using Callbacks.Tester.Screen;
using Spectre.Console;

namespace Callbacks.Tester.Send;

/// <summary>Shows how the sending goes while it goes on. Only reads copies of its figures, so it delays nothing.</summary>
sealed class SendProgress(SendPlan plan, SendSummary summary, TimeProvider time)
{
    static readonly TimeSpan LinePeriod = TimeSpan.FromSeconds(10);

    /// <summary>As a picture; the last one stays.</summary>
    public Task ShowAsync(IAnsiConsole terminal, Task sending, CancellationToken stopping)
    {
        var screen = new SendScreen(plan, terminal.Profile.Width);
        return LivePicture.ShowAsync(
            terminal, sending, () => screen.Draw(summary.Take(), stopping.IsCancellationRequested, sending.IsCompleted), time, stopping);
    }

    /// <summary>As a line every 10 s.</summary>
    public async Task WriteAsync(TextWriter output, Task sending)
    {
        while (await Task.WhenAny(sending, Task.Delay(LinePeriod, time, CancellationToken.None)) != sending)
        {
            await output.WriteLineAsync(new SendReport(plan, summary.Take()).ToProgress());
            await output.FlushAsync(CancellationToken.None);
        }

        await sending;
    }
}

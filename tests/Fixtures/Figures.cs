using System.Globalization;

namespace Callbacks.Fixtures;

/// <summary>
/// What a run has proven, added up for its end: "60 kills of the whole service: 0 lost". Each line of the file that <c>CALLBACK_FIGURES</c>
/// names is one trial's part; <c>./callback test full</c> prints the sums. Without it nothing is recorded.
/// </summary>
static class Figures
{
    static readonly Lock Gate = new();

    /// <param name="what">In the plural, as it stands after its number: "kills of the whole service".</param>
    /// <param name="times">How often it was done.</param>
    /// <param name="lost">Acknowledged callbacks (or builds that were not caught, or answers that may not be) that went wrong.</param>
    /// <param name="word">What to call them; the same in every trial of a kind.</param>
    public static void Add(string what, long times, long lost = 0, string word = "lost")
    {
        if (Environment.GetEnvironmentVariable("CALLBACK_FIGURES") is not { Length: > 0 } path)
            return;
        // Two test programs may run at the same time: one short append each.
        lock (Gate)
            File.AppendAllText(path, string.Create(CultureInfo.InvariantCulture, $"{what}\t{times}\t{lost}\t{word}\n"));
    }
}

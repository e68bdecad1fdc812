namespace Callbacks.Tester.Screen;

/// <summary>A horizontal bar, to an eighth of a character.</summary>
static class Bar
{
    const string Eighths = "▏▎▍▌▋▊▉";

    /// <param name="share">0 to 1. More than nothing is always seen.</param>
    /// <param name="width">Of the whole, in characters.</param>
    public static string Of(double share, int width)
    {
        int eighths = (int)Math.Round(Math.Clamp(share, 0, 1) * width * 8);
        if (share > 0)
            eighths = Math.Max(eighths, 1);
        return new string('█', eighths / 8) + (eighths % 8 == 0 ? "" : Eighths[eighths % 8 - 1]);
    }
}

using System.CommandLine.Parsing;
using System.Globalization;

namespace Callbacks.Tester.CommandLine;

/// <summary>Durations as people type them: <c>250ms</c>, <c>30s</c>, <c>5m</c>, <c>1h</c>; a bare number is seconds.</summary>
static class DurationText
{
    public static bool TryParse(string text, out TimeSpan duration)
    {
        (string number, double seconds) = text switch
        {
            [.., 'm', 's'] => (text[..^2], 0.001),
            [.., 's'] => (text[..^1], 1),
            [.., 'm'] => (text[..^1], 60),
            [.., 'h'] => (text[..^1], 3600),
            _ => (text, 1),
        };
        bool usable = double.TryParse(number, NumberStyles.Float, CultureInfo.InvariantCulture, out double value)
            && value >= 0 && value * seconds <= TimeSpan.FromDays(3650).TotalSeconds;
        duration = usable ? TimeSpan.FromSeconds(value * seconds) : default;
        return usable;
    }

    /// <summary>For an option's <c>CustomParser</c>.</summary>
    public static TimeSpan Parse(ArgumentResult result)
    {
        string text = result.Tokens[0].Value;
        if (!TryParse(text, out TimeSpan duration))
            result.AddError($"'{text}' is no duration; write it as 250ms, 30s, 5m or 1h.");
        return duration;
    }

    public static TimeSpan? ParseOptional(ArgumentResult result) => Parse(result);
}

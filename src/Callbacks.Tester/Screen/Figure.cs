namespace Callbacks.Tester.Screen;

/// <summary>Figures as people read them.</summary>
static class Figure
{
    public static string Count(long count) => count.ToString("N0");

    /// <summary>Three digits or so, with a unit that suits.</summary>
    public static string Latency(long microseconds) => microseconds switch
    {
        < 10_000 => $"{microseconds / 1_000.0:0.##} ms",
        < 100_000 => $"{microseconds / 1_000.0:0.#} ms",
        < 1_000_000 => $"{microseconds / 1_000.0:0} ms",
        _ => $"{microseconds / 1_000_000.0:0.##} s",
    };

    public static string Rate(double perSecond) => perSecond switch
    {
        < 10 => $"{perSecond:0.##}/s",
        < 1_000 => $"{perSecond:0.#}/s",
        _ => $"{perSecond:N0}/s",
    };

    /// <summary>Whole seconds: what is shown live would only flicker with more.</summary>
    public static string Length(TimeSpan length) => length switch
    {
        { TotalMinutes: < 1 } => $"{(int)length.TotalSeconds} s",
        { TotalHours: < 1 } => $"{length.Minutes} min {length.Seconds:00} s",
        _ => $"{(long)length.TotalHours} h {length.Minutes:00} min",
    };

    /// <summary><c>503: 8, 400: 2</c>, or 0 when there is nothing.</summary>
    public static string List(IEnumerable<KeyValuePair<string, long>> counts)
    {
        string list = string.Join(", ", counts.Select(pair => $"{pair.Key}: {Count(pair.Value)}"));
        return list.Length == 0 ? "0" : list;
    }

    /// <summary>The name of an enum's value as words: <c>SweptEarly</c> is <c>swept early</c>.</summary>
    public static string Words(Enum value) => string.Concat(value.ToString().Select(
        (letter, index) => char.IsUpper(letter) ? (index > 0 ? " " : "") + char.ToLowerInvariant(letter) : letter.ToString()));
}

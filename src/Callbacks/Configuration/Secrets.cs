using System.Text.RegularExpressions;

namespace Callbacks.Configuration;

/// <summary>
/// For values that are repeated to the user. They go to logs and into tickets, so what may be a secret is left out, also where it got by
/// mistake: a connection string may be the value of any key.
/// </summary>
static partial class Secrets
{
    public const string Masked = "***";

    const int CharactersMax = 300;

    /// <summary>One line without: what stands in a URL before an <c>@</c> or behind <c>?</c> or <c>#</c>; passwords and tokens behind a <c>=</c>.</summary>
    public static string Mask(string text)
    {
        string line = text.ReplaceLineEndings(" ");
        line = InUrl().Replace(line, Masked + "@");
        line = InAddress().Replace(line, Masked + "@");
        line = line.Contains("://", StringComparison.Ordinal) ? BehindPath().Replace(line, Masked) : line;
        line = Assigned().Replace(line, Masked);
        return line.Length <= CharactersMax ? line : line[..CharactersMax] + "...";
    }

    [GeneratedRegex("(?<=//).*@", RegexOptions.ExplicitCapture, matchTimeoutMilliseconds: 1_000)]
    private static partial Regex InUrl();

    // Without its scheme.
    [GeneratedRegex(@"[^\s/=]+:(?!//)\S*@", RegexOptions.ExplicitCapture, matchTimeoutMilliseconds: 1_000)]
    private static partial Regex InAddress();

    [GeneratedRegex(@"(?<=[?#]).+", RegexOptions.ExplicitCapture, matchTimeoutMilliseconds: 1_000)]
    private static partial Regex BehindPath();

    // To the end: a quoted password may hold a semicolon.
    [GeneratedRegex(@"(?<=(pass|pwd|pw|token|secret|key|auth)\w*\s*=).+", RegexOptions.IgnoreCase | RegexOptions.ExplicitCapture, matchTimeoutMilliseconds: 1_000)]
    private static partial Regex Assigned();
}

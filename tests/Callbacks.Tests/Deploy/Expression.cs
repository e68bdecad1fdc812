using System.Text.RegularExpressions;

namespace Callbacks.Tests.Deploy;

/// <summary>Which metrics a PromQL expression reads, each with the labels that it is asked by. Its grammar is promtool's business.</summary>
static partial class Expression
{
    static readonly HashSet<string> Words = new(["and", "or", "unless", "by", "without", "on", "ignoring", "bool", "offset"], StringComparer.Ordinal);

    /// <summary>A label of an aggregation counts for each metric within it; here, for each metric of the expression.</summary>
    public static List<(string Metric, string[] Labels)> Read(string expression)
    {
        string[] grouped = [.. Grouping().Matches(expression).SelectMany(match => Name().Matches(match.Groups["labels"].Value)).Select(match => match.Value)];
        string rest = Grouping().Replace(expression, " ");
        return
        [
            .. Selector().Matches(rest)
                .Where(match => !Words.Contains(match.Groups["name"].Value))
                .Select(match => (match.Groups["name"].Value, LabelsOf(match.Groups["matchers"].Value).Concat(grouped).Distinct(StringComparer.Ordinal).ToArray())),
        ];
    }

    static IEnumerable<string> LabelsOf(string matchers) => Matcher().Matches(matchers).Select(match => match.Groups["label"].Value);

    [GeneratedRegex(@"\b(by|without|on|ignoring)\s*\((?<labels>[^)]*)\)", RegexOptions.ExplicitCapture, matchTimeoutMilliseconds: 1000)]
    private static partial Regex Grouping();

    // A name that no bracket follows, else it is a function; within neither text nor range.
    [GeneratedRegex(@"(?<![\w""\[$.])(?<name>[a-zA-Z_:][\w:]*)(?!\w|\s*\()(\{(?<matchers>[^}]*)\})?", RegexOptions.ExplicitCapture, matchTimeoutMilliseconds: 1000)]
    private static partial Regex Selector();

    [GeneratedRegex(@"(?<label>\w+)\s*(=~|!~|!=|=)\s*""[^""]*""", RegexOptions.ExplicitCapture, matchTimeoutMilliseconds: 1000)]
    private static partial Regex Matcher();

    [GeneratedRegex(@"\w+", RegexOptions.None, matchTimeoutMilliseconds: 1000)]
    private static partial Regex Name();
}

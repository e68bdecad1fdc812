using System.Text.RegularExpressions;
using Callbacks.Configuration;
using Callbacks.Fixtures;
using Callbacks.Intake;
using Callbacks.Journal;
using Callbacks.Lookup;
using Callbacks.Store;
using Callbacks.Sweep;
using Callbacks.Telemetry;
using Callbacks.Tests.Support;

namespace Callbacks.Tests.Configuration;

/// <summary><c>callback config</c>, and what <c>docs/operations.md</c> says of the same keys.</summary>
[Collection(nameof(StartTests))]
public sealed partial class ConfigCommandTests
{
    static readonly OptionsSection[] Sections =
    [
        new(IntakeOptions.Section, typeof(IntakeOptions)), new(JournalOptions.Section, typeof(JournalOptions)), new(LookupOptions.Section, typeof(LookupOptions)),
        new(StoreOptions.Section, typeof(StoreOptions)), new(SweepOptions.Section, typeof(SweepOptions)), new(TelemetryOptions.Section, typeof(TelemetryOptions)),
    ];

    [Fact]
    public async Task Every_key_is_printed_with_its_value_and_where_that_comes_from()
    {
        Environment.SetEnvironmentVariable("Sweep__Retention", "00:00:40");
        try
        {
            ProgramRun run = await ProgramRun.CommandAsync("config", "--Lookup:AttemptTimeout=00:00:00.5", "--Store:ConnectionString=Host=db;Password=geheim");
            Assert.Equal(0, run.Code);
            Dictionary<string, string> lines = Parse(run.Output);
            Assert.Equal(Sections.SelectMany(section => section.Settings).Select(setting => setting.Key), lines.Keys.Where(key => key.Contains(':', StringComparison.Ordinal)), StringComparer.Ordinal);
            Assert.Equal("2000 (default)", lines["Lookup:InFlightMax"]);
            Assert.Equal("00:00:00.5 (flag)", lines["Lookup:AttemptTimeout"]);
            Assert.Equal("00:00:40 (environment variable Sweep__Retention)", lines["Sweep:Retention"]);
            Assert.Equal("Host=db;Password=*** (flag)", lines["Store:ConnectionString"]);
            Assert.Equal("http://127.0.0.1:0 (flag)", lines["urls"]);
            Assert.DoesNotContain("geheim", run.Said, StringComparison.Ordinal);
        }
        finally
        {
            Environment.SetEnvironmentVariable("Sweep__Retention", null);
        }
    }

    [Fact]
    public async Task A_configuration_that_can_not_be_used_is_not_printed()
    {
        ProgramRun run = await ProgramRun.CommandAsync("config", "--Sweep:Retention=soon", "--Store:ConnectionString=Host=db;Port=geheim");
        Assert.Equal(78, run.Code);
        Assert.Empty(run.Output);
        Assert.Equal(["Store:ConnectionString", "Sweep:Retention"], run.Errors.Select(line => line.Split(' ')[0]), StringComparer.Ordinal);
        Assert.DoesNotContain("geheim", run.Said, StringComparison.Ordinal);
    }

    [Fact]
    public async Task The_documented_keys_are_those_of_the_code_with_their_defaults_and_ranges()
    {
        Assert.SkipWhen(Sections.SelectMany(section => section.Settings).Any(setting => Environment.GetEnvironmentVariable(setting.Key.Replace(":", "__", StringComparison.Ordinal)) is not null), "The environment sets keys.");
        Dictionary<string, string> defaults = Parse((await ProgramRun.InvokeAsync(["config"])).Output);
        string document = await File.ReadAllTextAsync(Path.Combine(Repository.Folder, "docs", "operations.md"));
        Assert.Equal(
            Sections.SelectMany(section => section.Settings).Select(setting => $"{setting.Key}|{Source().Replace(defaults[setting.Key], "")}|{setting.Allowed}"),
            Row().Matches(document).Select(row => $"{row.Groups["key"].Value}|{row.Groups["default"].Value}|{row.Groups["range"].Value}"),
            StringComparer.Ordinal);
    }

    static Dictionary<string, string> Parse(string[] lines) => lines.ToDictionary(line => line.Split(" = ")[0], line => Spaces().Replace(line.Split(" = ", 2)[1], " "), StringComparer.Ordinal);

    [GeneratedRegex(@"^\| `(?<key>[A-Z]\w+:\w+)` \| (?<default>[^|]+) \| (?<range>[^|]+) \| [^|]+ \|$", RegexOptions.Multiline | RegexOptions.ExplicitCapture, matchTimeoutMilliseconds: 1000)]
    private static partial Regex Row();

    [GeneratedRegex(@" \([^()]*\)$", RegexOptions.ExplicitCapture, matchTimeoutMilliseconds: 1000)]
    private static partial Regex Source();

    [GeneratedRegex(" +", RegexOptions.ExplicitCapture, matchTimeoutMilliseconds: 1000)]
    private static partial Regex Spaces();
}

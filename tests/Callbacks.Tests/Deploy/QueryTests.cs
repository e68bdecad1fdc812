using System.Net;
using System.Text.RegularExpressions;
using Callbacks.Fixtures;
using Callbacks.Tests.Journal;
using Callbacks.Tests.Lookup;
using Callbacks.Tests.Support;
using Callbacks.Tests.View;
using Npgsql;

namespace Callbacks.Tests.Deploy;

/// <summary>A panel that asks for a metric that isn't there stays empty, and an alert never fires; nobody is told of either.</summary>
public sealed partial class QueryTests
{
    /// <summary>What Prometheus adds to whatever it scrapes.</summary>
    static readonly string[] OfPrometheus = ["job", "instance"];

    [Fact]
    public async Task Dashboard_and_alerts_ask_only_for_metrics_and_labels_that_the_service_has()
    {
        Dictionary<string, HashSet<string>> there = await ReadMetricsAsync();
        there["up"] = [];
        List<(string Name, string Expression)> asked = [.. DeployFiles.DashboardQueries(), .. DeployFiles.Alerts()];
        Assert.True(asked.Count > 40, $"{asked.Count} expressions");
        Assert.Empty(asked.SelectMany(query => FindUnknown(query.Expression, there).Select(unknown => $"{query.Name}: {unknown}")));
    }

    [Fact]
    public async Task What_is_asked_for_is_language_to_Prometheus()
    {
        string rules = Path.Combine(Path.GetTempPath(), $"callback-test-{Environment.ProcessId}-queries.yml");
        IEnumerable<string> lines = DeployFiles.DashboardQueries().Select((query, i) =>
            $"  - {{ record: 'dashboard:query{i}', expr: '{query.Expression.Replace("$__rate_interval", "1m", StringComparison.Ordinal)}' }}");
        await File.WriteAllLinesAsync(rules, ["groups:", "- name: dashboard", "  rules:", .. lines]);
        try
        {
            (int code, string said) = await Promtool.RunAsync(["check", "rules", rules]);
            Assert.True(code == 0, said);
        }
        finally
        {
            File.Delete(rules);
        }
    }

    [Theory]
    [InlineData("rate(callback_absent_total[5m])", "callback_absent_total")]
    [InlineData("""sum by (le) (rate(callback_there_total{result="x"}[5m])) > 0""", "callback_there_total{le}")]
    [InlineData("""callback_there_total{kind=~"a|b", result!="{x}"} and up == 0""", "callback_there_total{kind}")]
    public void What_is_not_there_is_found(string expression, string unknown)
    {
        var there = new Dictionary<string, HashSet<string>>(StringComparer.Ordinal) { ["callback_there_total"] = ["result"], ["up"] = ["result", "le"] };
        Assert.Equal(unknown, Assert.Single(FindUnknown(expression, there)));
    }

    static IEnumerable<string> FindUnknown(string expression, Dictionary<string, HashSet<string>> there)
    {
        List<(string Metric, string[] Labels)> read = Expression.Read(expression);
        Assert.NotEmpty(read);
        foreach ((string metric, string[] labels) in read)
        {
            if (!there.TryGetValue(metric, out HashSet<string>? known))
                yield return metric;
            else
                foreach (string label in labels.Where(label => !known.Contains(label) && !OfPrometheus.Contains(label, StringComparer.Ordinal)))
                    yield return $"{metric}{{{label}}}";
        }
    }

    /// <summary>Of a service that has done everything once, for a histogram appears with its first value.</summary>
    static async Task<Dictionary<string, HashSet<string>>> ReadMetricsAsync()
    {
        await using FakeUpstream upstream = await FakeUpstream.StartAsync();
        string database = await PostgreSql.CreateDatabaseAsync();
        await using StatusRig rig = await StatusRig.StartAsync(new SimulatedDisk(), upstream.Address, database);
        await rig.UntilAsync(status => status.GetProperty("state").GetString() == "ok", "all is well");
        await using (NpgsqlDataSource source = NpgsqlDataSource.Create(database))
        await using (NpgsqlCommand command = source.CreateCommand("insert into objects values (-1, true, now() - interval '1 minute')"))
            await command.ExecuteNonQueryAsync();
        Assert.Equal(HttpStatusCode.Accepted, await rig.PostAsync(2, 4));
        string[] lines = [];
        await Wait.UntilAsync(
            async () => (lines = await rig.MetricsAsync()).Any(line => line.StartsWith("callback_expiry_lateness_seconds_count", StringComparison.Ordinal))
                && lines.Any(line => line.StartsWith("callback_receive_to_stored_seconds_count", StringComparison.Ordinal)),
            "a row is stored, and one is swept");
        return lines.Where(line => line.Length > 0 && line[0] != '#').Select(line => Series().Match(line))
            .GroupBy(match => match.Groups["name"].Value, StringComparer.Ordinal)
            .ToDictionary(
                series => series.Key, series => series.SelectMany(match => match.Groups["label"].Captures).Select(label => label.Value).ToHashSet(StringComparer.Ordinal),
                StringComparer.Ordinal);
    }

    [GeneratedRegex(@"^(?<name>\w+)(\{((?<label>\w+)=""[^""]*"",?)*\})? ", RegexOptions.ExplicitCapture, matchTimeoutMilliseconds: 1000)]
    private static partial Regex Series();
}

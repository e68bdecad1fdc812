using Callbacks.Fixtures;
using Callbacks.Tests.Support;

namespace Callbacks.Tests.Deploy;

public sealed class PrometheusFilesTests
{
    [Theory]
    [InlineData("check", "config", "prometheus.yml")]
    [InlineData("check", "rules", "callback.rules.yml")]
    [InlineData("test", "rules", "callback.rules.test.yml")]
    public async Task Promtool_has_nothing_against_it(string verb, string what, string file)
    {
        (int code, string said) = await Promtool.RunAsync([verb, what, Path.Combine(DeployFiles.Folder, "prometheus", file)]);
        Assert.True(code == 0 && !said.Contains("FAILED", StringComparison.Ordinal), said);
    }

    [Fact]
    public void Each_alert_is_tested_and_each_page_of_the_handbook_that_one_names_is_there()
    {
        string tests = File.ReadAllText(Path.Combine(DeployFiles.Folder, "prometheus/callback.rules.test.yml"));
        string handbook = File.ReadAllText(Path.Combine(Repository.Folder, "docs/operations.md"));
        foreach (YamlDotNet.RepresentationModel.YamlNode rule in DeployFiles.Nodes(DeployFiles.Nodes(DeployFiles.Yaml("prometheus/callback.rules.yml"), "groups").Single(), "rules"))
        {
            Assert.Contains($"alertname: {DeployFiles.Text(rule, "alert")}", tests, StringComparison.Ordinal);
            string description = DeployFiles.Text(rule["annotations"], "description");
            int see = description.IndexOf("See \"", StringComparison.Ordinal);
            if (see >= 0)
                Assert.Contains($"# {description[(see + 5)..].TrimEnd('.', '"')}\n", handbook, StringComparison.Ordinal);
        }
    }
}

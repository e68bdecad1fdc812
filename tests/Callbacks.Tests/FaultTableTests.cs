using System.Text.RegularExpressions;
using Callbacks.Fixtures;

namespace Callbacks.Tests;

/// <summary>docs/faults.md names tests as proof; a proof that has been renamed or removed is none.</summary>
public sealed partial class FaultTableTests
{
    [Fact]
    public void Every_test_that_the_table_of_faults_names_is_there()
    {
        string[] named = [.. TestName().Matches(File.ReadAllText(Path.Combine(Repository.Folder, "docs", "faults.md"))).Select(match => match.Groups["name"].Value).Distinct(StringComparer.Ordinal)];
        Assert.True(named.Length > 60, $"{named.Length} tests are named");
        Dictionary<string, string> sources = Directory.EnumerateFiles(Path.Combine(Repository.Folder, "tests"), "*Tests.cs", SearchOption.AllDirectories)
            .ToDictionary(file => Path.GetFileNameWithoutExtension(file), File.ReadAllText, StringComparer.Ordinal);
        Assert.All(named, name =>
        {
            string[] parts = name.Split('.');
            Assert.Contains($" {parts[1]}(", sources.GetValueOrDefault(parts[0], ""), StringComparison.Ordinal);
        });
    }

    [GeneratedRegex(@"`(?<name>[A-Z]\w+Tests\.\w+)`", RegexOptions.ExplicitCapture, matchTimeoutMilliseconds: 1000)]
    private static partial Regex TestName();
}

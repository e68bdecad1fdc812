using System.Reflection;
using Callbacks.Fixtures;
using Callbacks.Journal;
using Callbacks.Telemetry;
using Callbacks.Tests.Support;
using Microsoft.Extensions.Logging;

namespace Callbacks.Tests.Telemetry;

public sealed class LogTests
{
    [Fact]
    public void Every_event_stands_in_the_table_with_its_level_and_what_to_do()
    {
        const BindingFlags All = BindingFlags.Public | BindingFlags.NonPublic | BindingFlags.Instance | BindingFlags.Static | BindingFlags.DeclaredOnly;
        LoggerMessageAttribute[] events = [.. typeof(CallbackJournal).Assembly.GetTypes().SelectMany(type => type.GetMethods(All)).Select(method => method.GetCustomAttribute<LoggerMessageAttribute>()).OfType<LoggerMessageAttribute>()];
        Assert.True(events.Length > 20, $"Only {events.Length} events were found.");
        string[] rows = [.. File.ReadLines(Path.Combine(Repository.Folder, "docs", "operations.md")).Where(line => line.StartsWith("| ", StringComparison.Ordinal))];
        Assert.All(events, one => Assert.Single(rows, row => row.StartsWith($"| {one.Level} | `{one.Message}` | ", StringComparison.Ordinal)));
        string[] levels = Enum.GetNames<LogLevel>();
        Assert.Equal(events.Length, rows.Count(row => levels.Contains(row.Split('|')[1].Trim(), StringComparer.Ordinal)));
    }

    [Theory]
    [InlineData(null, true, "simple")]
    [InlineData(null, false, "json")]
    [InlineData("", false, "json")]
    [InlineData("simple", false, "simple")]
    [InlineData("json", true, "json")]
    [InlineData("systemd", true, "systemd")]
    public void The_form_is_words_on_a_terminal_and_json_elsewhere_unless_a_key_says_otherwise(string? configured, bool isTerminal, string expected) =>
        Assert.Equal(expected, LogSetup.ChooseFormatter(configured, isTerminal));

    [Fact]
    public void An_outage_is_told_once_when_it_begins_and_once_when_it_ends()
    {
        var clock = new FakeTimeProvider();
        var outage = new Outage(clock);
        for (int i = 0; i < 2; i++)
        {
            Assert.False(outage.Ends(out _));
            Assert.True(outage.Begins());
            Assert.False(outage.Begins());
            clock.Advance(TimeSpan.FromSeconds(3));
            Assert.False(outage.Begins());
            Assert.True(outage.Ends(out TimeSpan lasted));
            Assert.Equal(3, lasted.TotalSeconds, tolerance: 0.001);
            Assert.False(outage.IsOn);
        }
    }

    [Fact]
    public async Task However_many_threads_meet_it_one_of_them_tells()
    {
        var outage = new Outage(TimeProvider.System);
        bool[] began = await Task.WhenAll(Enumerable.Range(0, 32).Select(_ => Task.Run(outage.Begins)));
        Assert.Single(began, isFirst => isFirst);
        bool[] ended = await Task.WhenAll(Enumerable.Range(0, 32).Select(_ => Task.Run(() => outage.Ends(out TimeSpan _))));
        Assert.Single(ended, isFirst => isFirst);
    }
}

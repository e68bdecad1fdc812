using System.Text.Json;
using Callbacks.SystemTests.Acceptance;

namespace Callbacks.SystemTests.Logs;

/// <summary>What a service that runs in the background writes: lines of JSON, and two for an outage, however much fails meanwhile.</summary>
[Alone]
public sealed class OutageLinesTests(ITestOutputHelper output)
{
    static readonly TimeSpan Deadline = TimeSpan.FromSeconds(30);
    static readonly TimeSpan Away = TimeSpan.FromSeconds(3);
    static readonly string[] Load = ["--rate", "20", "--ids", "20", "--id-range", "10000"];

    [Fact]
    public async Task PostgreSQL_and_the_upstream_away_for_a_while_are_one_line_each_and_one_when_they_are_back()
    {
        await using ServiceRig rig = await ServiceRig.StartAsync(
            new RigOptions { Upstream = ["--latency-min", "50", "--latency-max", "200"], Service = ["--Logging:Console:FormatterName=", "--Store:ConnectTimeout=00:00:10"] }, output);
        using var enough = new CancellationTokenSource();
        Task sending = rig.SendAsync(Load, TimeSpan.FromMinutes(5), enough: enough.Token);
        await Eventually.TrueAsync(async () => await rig.CountRowsAsync() > 0, Deadline, () => "rows are stored");

        await rig.StopPostgresForAsync(Away);
        await LineAsync(rig, "PostgreSQL takes rows again after ");
        await LineAsync(rig, "Sweeping goes on after ");
        await rig.TakeUpstreamAwayForAsync(Away);
        await LineAsync(rig, "is back after ");
        await enough.CancelAsync();
        await sending;
        await rig.Service.StopAsync();

        JsonElement[] lines = [.. rig.Service.Lines.ToString().Split('\n').Select(line => JsonDocument.Parse(line).RootElement)];
        Assert.All(lines, line => Assert.Matches(@"^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{6}Z$", line.GetProperty("Timestamp").GetString()));
        Assert.Equal(
            ["Nothing is swept", "PostgreSQL takes no rows", "The upstream"],
            // The disk may take too long for one callback, which this is not about.
            lines.Where(line => line.GetProperty("LogLevel").GetString() != "Information" && !Message(line).StartsWith("Callbacks are answered 503 ", StringComparison.Ordinal))
                .Select(Beginning).Order(StringComparer.Ordinal), StringComparer.Ordinal);
        Assert.Single(lines, line => Message(line).StartsWith("PostgreSQL takes rows again after ", StringComparison.Ordinal));
        Assert.Single(lines, line => Message(line).StartsWith("Sweeping goes on after ", StringComparison.Ordinal));
        JsonElement back = Assert.Single(lines, line => Message(line).Contains(" is back after ", StringComparison.Ordinal));
        Assert.InRange(back.GetProperty("State").GetProperty("Seconds").GetDouble(), 1, 60);
    }

    static string Message(JsonElement line) => line.GetProperty("Message").GetString()!;

    /// <summary>What is the same however it went.</summary>
    static string Beginning(JsonElement line) => Message(line).StartsWith("The upstream", StringComparison.Ordinal) ? "The upstream" : Message(line).Split(':')[0];

    static Task LineAsync(ServiceRig rig, string text) => Eventually.TrueAsync(
        () => Task.FromResult(rig.Service.Lines.Last(text).Length > 0), Deadline, () => $"it says '{text}'. It said:\n{rig.Service.Lines}");
}

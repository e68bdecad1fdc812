using System.Globalization;
using System.Net;
using Callbacks.Fixtures;
using Callbacks.Telemetry;
using Callbacks.Tests.Journal;
using Callbacks.Tests.Lookup;
using Callbacks.View.Metrics;
using Npgsql;

namespace Callbacks.Tests.View;

public sealed class MetricsTests
{
    /// <summary>Names that dashboards and alerts may rely on.</summary>
    static readonly (string Name, string Type)[] Names =
    [
        ("callback_build_info", "gauge"),
        ("callback_received_total", "counter"),
        ("callback_received_sightings_total", "counter"),
        ("callback_sightings_total", "counter"),
        ("callback_pending_sightings", "gauge"),
        ("callback_oldest_pending_age_seconds", "gauge"),
        ("callback_journal_flush_duration_seconds", "histogram"),
        ("callback_journal_size_bytes", "gauge"),
        ("callback_journal_segments", "gauge"),
        ("callback_journal_damaged", "gauge"),
        ("callback_journal_accepting", "gauge"),
        ("callback_journal_has_room", "gauge"),
        ("callback_lookup_duration_seconds", "histogram"),
        ("callback_lookup_attempts_total", "counter"),
        ("callback_lookups_in_flight", "gauge"),
        ("callback_lookups_in_flight_limit", "gauge"),
        ("callback_upstream_up", "gauge"),
        ("callback_receive_to_stored_seconds", "histogram"),
        ("callback_store_batch_rows", "histogram"),
        ("callback_store_rows_total", "counter"),
        ("callback_postgresql_up", "gauge"),
        ("callback_expiry_lateness_seconds", "histogram"),
        ("callback_expiry_rows_total", "counter"),
        ("callback_expiry_held_rows", "gauge"),
        ("callback_expiry_up", "gauge"),
    ];

    [Fact]
    public async Task Every_metric_is_there_with_type_and_help_and_counts_what_happens()
    {
        await using FakeUpstream upstream = await FakeUpstream.StartAsync();
        string database = await PostgreSql.CreateDatabaseAsync();
        await using StatusRig rig = await StatusRig.StartAsync(new SimulatedDisk(), upstream.Address, database);
        await rig.UntilAsync(status => status.GetProperty("state").GetString() == "ok", "all is well");
        // A row that has run out, so that something is swept.
        await using (NpgsqlDataSource source = NpgsqlDataSource.Create(database))
        await using (NpgsqlCommand command = source.CreateCommand("insert into objects values (-1, true, now() - interval '1 minute')"))
            await command.ExecuteNonQueryAsync();
        for (int post = 0; post < 3; post++)
            Assert.Equal(HttpStatusCode.Accepted, await rig.PostAsync([.. Enumerable.Range(1, 10)]));
        await rig.UntilAsync(status => status.GetProperty("balance").GetProperty("pending").GetInt64() == 0, "all is settled");
        string[] lines = [];
        await Support.Wait.UntilAsync(async () => Value(lines = await rig.MetricsAsync(), "callback_expiry_lateness_seconds_count") == 1, "the row is swept");

        foreach ((string name, string type) in Names)
        {
            Assert.Contains($"# TYPE {name} {type}", lines, StringComparer.Ordinal);
            Assert.Contains(lines, line => line.StartsWith($"# HELP {name} ", StringComparison.Ordinal) && line.Length > name.Length + 10);
        }

        Assert.Equal(Names.Length, lines.Count(line => line.StartsWith("# TYPE callback_", StringComparison.Ordinal)));
        Assert.Equal(3, Value(lines, "callback_received_total"));
        Assert.Equal(30, Value(lines, "callback_received_sightings_total"));
        Assert.Equal(15, Value(lines, """callback_sightings_total{outcome="stored"}"""));
        Assert.Equal(15, Value(lines, """callback_sightings_total{outcome="offline"}"""));
        Assert.Equal(0, Value(lines, "callback_pending_sightings"));
        Assert.InRange(Value(lines, "callback_journal_flush_duration_seconds_count"), 1, 1_000);
        Assert.InRange(Value(lines, """callback_lookup_attempts_total{result="answer"}"""), 10, 30);
        Assert.Equal(Value(lines, """callback_lookup_attempts_total{result="answer"}"""), Value(lines, "callback_lookup_duration_seconds_count"));
        Assert.Equal(Value(lines, "callback_store_rows_total"), Value(lines, "callback_store_batch_rows_sum"));
        Assert.Equal(Value(lines, "callback_receive_to_stored_seconds_count"), Value(lines, """callback_receive_to_stored_seconds_bucket{le="+Inf"}"""));
        Assert.InRange(Value(lines, "callback_receive_to_stored_seconds_count"), 5, 15);
        Assert.Equal(1, Value(lines, "callback_postgresql_up"));
        Assert.Equal(1, Value(lines, $"callback_build_info{{version=\"{CallbackMeter.Version}\"}}"));
    }

    [Fact]
    public async Task The_text_is_to_the_taste_of_promtool()
    {
        await using StatusRig rig = await StatusRig.StartAsync(
            new SimulatedDisk(), new Uri($"http://127.0.0.1:{FreePort.Take()}"), "Host=127.0.0.1;Port=1;Username=callbacks");
        Assert.Equal(HttpStatusCode.Accepted, await rig.PostAsync(1));
        (int code, string said) = await Support.Promtool.RunAsync(["check", "metrics"], string.Join('\n', await rig.MetricsAsync()));
        Assert.True(code == 0 && said.Length == 0, said);
    }

    [Fact]
    public async Task With_an_upstream_that_is_not_there_the_failures_are_counted_by_their_kind()
    {
        await using StatusRig rig = await StatusRig.StartAsync(
            new SimulatedDisk(), new Uri($"http://127.0.0.1:{FreePort.Take()}"), "Host=127.0.0.1;Port=1;Username=callbacks");
        Assert.Equal(HttpStatusCode.Accepted, await rig.PostAsync([.. Enumerable.Range(1, 10)]));
        string[] lines = [];
        await Support.Wait.UntilAsync(
            async () => Value(lines = await rig.MetricsAsync(), """callback_lookup_attempts_total{result="connection"}""") >= 10, "lookups have failed");
        await Support.Wait.UntilAsync(async () => Value(lines = await rig.MetricsAsync(), "callback_oldest_pending_age_seconds") > 0, "their callback grows old");
        Assert.Equal(10, Value(lines, "callback_pending_sightings"));
        Assert.Equal(0, Value(lines, "callback_postgresql_up"));
        await Support.Wait.UntilAsync(async () => Value(await rig.MetricsAsync(), "callback_upstream_up") == 0, "the upstream counts as away");
    }

    [Fact]
    public void Labels_and_help_are_escaped_and_buckets_add_up()
    {
        MetricReading[] readings =
        [
            new("a.b", MetricKind.Counter, "{thing}", "Back\\slash and\nnew line", [new([new("x", "say \"hi\"\n")], 2, null)]),
            new("c", MetricKind.Histogram, "s", "Seconds.", [new([], 0, new HistogramReading([0.5, double.PositiveInfinity], [3, 4], 7, 1.25))]),
        ];
        Assert.Equal(
            """
            # HELP a_b_total Back\\slash and\nnew line
            # TYPE a_b_total counter
            a_b_total{x="say \"hi\"\n"} 2
            # HELP c_seconds Seconds.
            # TYPE c_seconds histogram
            c_seconds_bucket{le="0.5"} 3
            c_seconds_bucket{le="+Inf"} 7
            c_seconds_sum 1.25
            c_seconds_count 7

            """,
            PrometheusText.Write(readings));
    }

    static double Value(string[] lines, string series) =>
        lines.FirstOrDefault(line => line.StartsWith(series + " ", StringComparison.Ordinal)) is { } line
            ? double.Parse(line[(series.Length + 1)..], CultureInfo.InvariantCulture)
            : double.NaN;
}

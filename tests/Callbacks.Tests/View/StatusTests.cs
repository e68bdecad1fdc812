using System.Net;
using System.Text.Json;
using Callbacks.Fixtures;
using Callbacks.Tests.Journal;
using Callbacks.Tests.Lookup;

namespace Callbacks.Tests.View;

public sealed class StatusTests
{
    const string Nowhere = "Host=127.0.0.1;Port=1;Username=callbacks;Password=s3cret";

    static readonly long[] TenIds = [.. Enumerable.Range(1, 10).Select(id => (long)id)];

    [Fact]
    public async Task With_all_well_the_books_are_balanced_and_the_shape_is_the_documented_one()
    {
        await using FakeUpstream upstream = await FakeUpstream.StartAsync();
        await using StatusRig rig = await StatusRig.StartAsync(new SimulatedDisk(), upstream.Address, await PostgreSql.CreateDatabaseAsync());
        await rig.UntilAsync(status => StateOf(status) == "ok", "all is well");
        Assert.Equal(HttpStatusCode.Accepted, await rig.PostAsync([.. TenIds, 1, 2]));
        JsonElement status = await rig.UntilAsync(status => status.GetProperty("balance").GetProperty("pending").GetInt64() == 0, "all is settled");

        Assert.Equal("ok", StateOf(status));
        Assert.Empty(ReasonsOf(status));
        JsonElement balance = status.GetProperty("balance");
        Assert.Equal(
            """{"pending_at_start":0,"acknowledged":10,"stored":5,"offline":5,"unknown":0,"expired":0,"pending":0,"is_balanced":true,"expired_by_last_failure":{}}""",
            JsonSerializer.Serialize(balance));
        Assert.Equal("""{"acknowledged":1,"settled":1,"pending":0}""", JsonSerializer.Serialize(status.GetProperty("callbacks")));
        Assert.Equal(5, status.GetProperty("postgresql").GetProperty("rows_stored").GetInt64());
        Assert.Equal(
            ["state", "reasons", "balance", "callbacks", "oldest_pending_age_seconds", "rates_per_second", "journal", "lookup", "postgresql", "sweep"],
            status.EnumerateObject().Select(property => property.Name),
            StringComparer.Ordinal);
        Assert.Equal(
            ["state", "silent_seconds", "in_flight", "in_flight_limit", "in_flight_max", "attempts", "answers", "failures", "ids"],
            status.GetProperty("lookup").EnumerateObject().Select(property => property.Name),
            StringComparer.Ordinal);
        await AssertHealthAsync(rig, "/livez", HttpStatusCode.OK, "alive");
        await AssertHealthAsync(rig, "/readyz", HttpStatusCode.OK, "ready");
    }

    [Fact]
    public async Task With_PostgreSQL_away_it_is_degraded_and_ready_and_callbacks_wait()
    {
        await using FakeUpstream upstream = await FakeUpstream.StartAsync();
        await using StatusRig rig = await StatusRig.StartAsync(new SimulatedDisk(), upstream.Address, Nowhere);
        Assert.Equal(HttpStatusCode.Accepted, await rig.PostAsync(TenIds));
        JsonElement status = await rig.UntilAsync(
            status => status.GetProperty("lookup").GetProperty("answers").GetInt64() == 10 && StateOf(status) == "degraded", "all are looked up");
        Assert.Contains(ReasonsOf(status), reason => reason.StartsWith("PostgreSQL is away: ", StringComparison.Ordinal));
        Assert.Equal("away", status.GetProperty("postgresql").GetProperty("state").GetString());
        Assert.Equal("up", status.GetProperty("lookup").GetProperty("state").GetString());
        Assert.DoesNotContain("s3cret", JsonSerializer.Serialize(status), StringComparison.Ordinal);
        Assert.Equal(10, status.GetProperty("balance").GetProperty("pending").GetInt64());
        Assert.True(status.GetProperty("balance").GetProperty("is_balanced").GetBoolean());
        await rig.UntilAsync(status => status.GetProperty("oldest_pending_age_seconds").ValueKind == JsonValueKind.Number, "its age is told");
        await AssertHealthAsync(rig, "/readyz", HttpStatusCode.OK, "ready, degraded");
        await AssertHealthAsync(rig, "/livez", HttpStatusCode.OK, "alive");
    }

    [Fact]
    public async Task With_the_upstream_away_it_is_degraded_and_ready_and_says_what_fails()
    {
        await using StatusRig rig = await StatusRig.StartAsync(
            new SimulatedDisk(), new Uri($"http://127.0.0.1:{FreePort.Take()}"), await PostgreSql.CreateDatabaseAsync());
        Assert.Equal(HttpStatusCode.Accepted, await rig.PostAsync(TenIds));
        JsonElement status = await rig.UntilAsync(
            status => status.GetProperty("lookup").GetProperty("state").GetString() == "away" && status.GetProperty("postgresql").GetProperty("state").GetString() == "up",
            "only the upstream is away");
        Assert.Equal("degraded", StateOf(status));
        Assert.Equal(["The upstream is away: only probes go out."], ReasonsOf(status), StringComparer.Ordinal);
        Assert.True(status.GetProperty("lookup").GetProperty("failures").GetProperty("connection").GetInt64() > 0);
        await AssertHealthAsync(rig, "/readyz", HttpStatusCode.OK, "ready, degraded");
    }

    [Fact]
    public async Task With_an_upstream_that_hangs_it_says_so_before_the_first_lookup_has_failed()
    {
        var released = new TaskCompletionSource();
        await using FakeUpstream upstream = await FakeUpstream.StartAsync();
        upstream.Handler = async (context, id) =>
        {
            await released.Task;
            await FakeUpstream.AnswerAsync(context, id);
        };
        await using StatusRig rig = await StatusRig.StartAsync(new SimulatedDisk(), upstream.Address, await PostgreSql.CreateDatabaseAsync(), "--Lookup:AttemptTimeout=00:01:00");
        Assert.Equal(HttpStatusCode.Accepted, await rig.PostAsync(TenIds));
        JsonElement status = await rig.UntilAsync(
            status => status.GetProperty("lookup").GetProperty("state").GetString() == "silent" && status.GetProperty("postgresql").GetProperty("state").GetString() == "up",
            "only the upstream is amiss");
        Assert.Equal("degraded", StateOf(status));
        Assert.Equal(["The upstream is silent: lookups wait, and none gets a usable answer."], ReasonsOf(status), StringComparer.Ordinal);
        JsonElement lookup = status.GetProperty("lookup");
        Assert.InRange(lookup.GetProperty("silent_seconds").GetDouble(), 5, 60);
        Assert.All(lookup.GetProperty("failures").EnumerateObject(), kind => Assert.Equal(0, kind.Value.GetInt64()));
        await AssertHealthAsync(rig, "/readyz", HttpStatusCode.OK, "ready, degraded");

        released.SetResult();
        await rig.UntilAsync(status => StateOf(status) == "ok", "all is well");
    }

    [Fact]
    public async Task With_a_disk_that_can_not_be_written_it_is_refusing_until_it_can_again()
    {
        var disk = new SimulatedDisk();
        await using FakeUpstream upstream = await FakeUpstream.StartAsync();
        await using StatusRig rig = await StatusRig.StartAsync(disk, upstream.Address, await PostgreSql.CreateDatabaseAsync());
        await rig.UntilAsync(status => StateOf(status) == "ok", "all is well");

        disk.Fails = (operation, _) => operation is "write" or "flush" or "create";
        Assert.Equal(HttpStatusCode.ServiceUnavailable, await rig.PostAsync(TenIds));
        JsonElement status = await rig.UntilAsync(status => StateOf(status) == "refusing", "it is refusing");
        Assert.Contains(ReasonsOf(status), reason => reason.StartsWith("The journal can't write: ", StringComparison.Ordinal));
        Assert.Equal("refusing", status.GetProperty("journal").GetProperty("state").GetString());
        await AssertNotReadyAsync(rig, ReasonsOf(status));
        await AssertHealthAsync(rig, "/livez", HttpStatusCode.OK, "alive");

        disk.Fails = (_, _) => false;
        await Support.Wait.UntilAsync(async () => await rig.PostAsync(TenIds) == HttpStatusCode.Accepted, "it accepts again");
        await rig.UntilAsync(status => StateOf(status) == "ok", "all is well again");
        await AssertHealthAsync(rig, "/readyz", HttpStatusCode.OK, "ready");
    }

    static string? StateOf(JsonElement status) => status.GetProperty("state").GetString();

    static List<string> ReasonsOf(JsonElement status) => [.. status.GetProperty("reasons").EnumerateArray().Select(reason => reason.GetString()!)];

    static async Task AssertHealthAsync(StatusRig rig, string path, HttpStatusCode code, string state)
    {
        (HttpStatusCode actual, JsonElement body) = await rig.GetAsync(path);
        Assert.Equal(code, actual);
        Assert.Equal(["status", "reasons"], body.EnumerateObject().Select(property => property.Name), StringComparer.Ordinal);
        Assert.Equal(state, body.GetProperty("status").GetString());
    }

    static async Task AssertNotReadyAsync(StatusRig rig, List<string> reasons)
    {
        using HttpResponseMessage response = await rig.Client.GetAsync("/readyz");
        Assert.Equal(HttpStatusCode.ServiceUnavailable, response.StatusCode);
        Assert.Equal("application/problem+json", response.Content.Headers.ContentType!.ToString());
        Assert.Equal(TimeSpan.FromSeconds(1), response.Headers.RetryAfter!.Delta);
        using var problem = JsonDocument.Parse(await response.Content.ReadAsStringAsync());
        Assert.Equal("urn:callback:problem:not-ready", problem.RootElement.GetProperty("type").GetString());
        Assert.Equal(reasons[0], ReasonsOf(problem.RootElement)[0]);
    }
}

using System.Text;
using Callbacks.Fixtures;
using Callbacks.Journal;
using Callbacks.Journal.Pending;
using Callbacks.Lookup;
using Callbacks.Tests.Support;
using Microsoft.AspNetCore.Http;

namespace Callbacks.Tests.Lookup;

public sealed class LookupsTests
{
    const long BadId = 1;

    static readonly long[] GoodIds = [.. Enumerable.Range(2, 30).Select(id => (long)id)];

    [Fact]
    public async Task Each_sighting_gets_the_outcome_that_the_upstream_answers()
    {
        await using FakeUpstream upstream = await FakeUpstream.StartAsync();
        upstream.Handler = (context, id) =>
        {
            if (id is not (404 or 410))
                return FakeUpstream.AnswerAsync(context, id);
            context.Response.StatusCode = (int)id;
            return Task.CompletedTask;
        };
        await using var rig = new LookupRig(upstream.Address);
        await rig.StartAsync();
        OutcomeCounts outcomes = await rig.SettleAsync(rig.Receive(2, 3, -4, 0, 404, 410, long.MinValue, long.MaxValue));
        Assert.Equal(new OutcomeCounts(Stored: 4, Offline: 2, Unknown: 2, Expired: 0), outcomes);
        Assert.Equal(8, rig.Status.Answers);
        Assert.Equal(8, rig.Status.Attempts);
        Assert.All(rig.Status.Failures, pair => Assert.Equal(0, pair.Value));
        Assert.Equal(0, upstream.Strays);
    }

    [Theory]
    [InlineData("201", LookupFailure.Status)]
    [InlineData("204", LookupFailure.Status)]
    [InlineData("400", LookupFailure.Status)]
    [InlineData("500", LookupFailure.Status)]
    [InlineData("502", LookupFailure.Status)]
    [InlineData("429", LookupFailure.Throttled)]
    [InlineData("503", LookupFailure.Throttled)]
    [InlineData("redirect", LookupFailure.Status)]
    [InlineData("wrong id", LookupFailure.Malformed)]
    [InlineData("empty", LookupFailure.Malformed)]
    [InlineData("half JSON", LookupFailure.Malformed)]
    [InlineData("10 MB", LookupFailure.Malformed)]
    [InlineData("10 MB in chunks", LookupFailure.Malformed)]
    [InlineData("endless", LookupFailure.Malformed)]
    [InlineData("long headers", LookupFailure.Malformed)]
    [InlineData("hang", LookupFailure.Timeout)]
    [InlineData("hang in the body", LookupFailure.Timeout)]
    [InlineData("trickle", LookupFailure.Timeout)]
    [InlineData("reset", LookupFailure.Connection)]
    [InlineData("reset in the body", LookupFailure.Connection)]
    internal async Task An_id_that_the_upstream_misbehaves_for_is_tried_again_and_no_other_suffers(string misbehaviour, LookupFailure kind)
    {
        await using FakeUpstream upstream = await FakeUpstream.StartAsync();
        bool isCured = false;
        upstream.Handler = (context, id) => id == BadId && !Volatile.Read(ref isCured) ? MisbehaveAsync(context, misbehaviour) : FakeUpstream.AnswerAsync(context, id);
        // Short only where it is what the test waits for: a busy machine must not make timeouts of the others.
        await using var rig = new LookupRig(upstream.Address, attemptTimeout: kind == LookupFailure.Timeout ? "00:00:03" : "00:00:20");
        await rig.StartAsync();
        int bad = rig.Receive(BadId);
        int good = rig.Receive(GoodIds);

        Assert.Equal(new OutcomeCounts(Stored: 15, Offline: 15, Unknown: 0, Expired: 0), await rig.SettleAsync(good));
        await Wait.UntilAsync(() => rig.Status.Failures[NameOf(kind)] >= 2, $"{misbehaviour} is counted as {kind}");
        LookupStatus status = rig.Status;
        Assert.All(status.Failures.Where(pair => pair.Key != NameOf(kind)), pair => Assert.Equal(0, pair.Value));
        Assert.False(status.IsUpstreamAway);
        Assert.Equal(status.InFlightMax, status.InFlightLimit);
        Assert.Equal(GoodIds.Length, status.Answers);
        Assert.False(rig.IsSettled(bad, out _));

        Volatile.Write(ref isCured, true);
        Assert.Equal(new OutcomeCounts(Stored: 0, Offline: 1, Unknown: 0, Expired: 0), await rig.SettleAsync(bad));
        Assert.Equal(0, upstream.Strays);
    }

    [Fact]
    public async Task A_failed_lookup_is_made_again_when_its_backoff_is_over_though_nothing_else_happens()
    {
        await using FakeUpstream upstream = await FakeUpstream.StartAsync();
        upstream.Handler = (context, id) =>
        {
            if (upstream.Requests(id) > 5)
                return FakeUpstream.AnswerAsync(context, id);
            context.Response.StatusCode = 500;
            return Task.CompletedTask;
        };
        await using var rig = new LookupRig(upstream.Address);
        await rig.StartAsync();
        long start = TimeProvider.System.GetTimestamp();
        await rig.SettleAsync(rig.Receive(2));
        // Five waits of at most 0.1 s each; a loop that is not told of them looks once a second.
        Assert.InRange(TimeProvider.System.GetElapsedTime(start), TimeSpan.Zero, TimeSpan.FromSeconds(3));
        Assert.Equal(6, upstream.Requests(2));
    }

    [Fact]
    public async Task Retry_After_is_waited_for()
    {
        await using FakeUpstream upstream = await FakeUpstream.StartAsync();
        long refusedAt = 0;
        upstream.Handler = (context, id) =>
        {
            if (Interlocked.CompareExchange(ref refusedAt, TimeProvider.System.GetTimestamp(), 0) != 0)
                return FakeUpstream.AnswerAsync(context, id);
            context.Response.StatusCode = 429;
            context.Response.Headers.RetryAfter = "1";
            return Task.CompletedTask;
        };
        await using var rig = new LookupRig(upstream.Address);
        await rig.StartAsync();
        await rig.SettleAsync(rig.Receive(2));
        Assert.InRange(TimeProvider.System.GetElapsedTime(refusedAt), TimeSpan.FromSeconds(1), TimeSpan.FromSeconds(5));
        Assert.Equal(2, upstream.Requests(2));
    }

    [Fact]
    public async Task A_refused_connection_makes_it_probe_at_most_ten_times_a_second_until_the_upstream_is_back()
    {
        int port = FreePort.Take();
        await using var rig = new LookupRig(new Uri($"http://127.0.0.1:{port}"));
        await rig.StartAsync();
        int callback = rig.Receive(GoodIds);
        // What was under way when it was found to be away ends first: only probes are counted.
        await Wait.UntilAsync(() => rig.Status is { IsUpstreamAway: true, InFlight: 0 }, "the upstream counts as away");
        long start = TimeProvider.System.GetTimestamp();
        long attempts = rig.Status.Attempts;
        await Wait.UntilAsync(() => rig.Status.Attempts >= attempts + 12, "probes go out");
        Assert.InRange(TimeProvider.System.GetElapsedTime(start), TimeSpan.FromSeconds(0.8), TimeSpan.MaxValue);

        await using FakeUpstream upstream = await FakeUpstream.StartAsync(port);
        await rig.SettleAsync(callback);
        await Wait.UntilAsync(() => rig.Status is { IsUpstreamAway: false } status && status.InFlightLimit == status.InFlightMax, "the limit is back");
        Assert.Equal(0, rig.Status.Failures[NameOf(LookupFailure.Malformed)]);
        Assert.True(rig.Status.Failures[NameOf(LookupFailure.Connection)] > 0);
    }

    [Fact]
    public async Task Ids_that_wait_while_it_probes_are_probed_as_soon_as_a_probe_is_due()
    {
        // Refused at once, and far more ids than come back from their backoff in time.
        await using var rig = new LookupRig(new Uri($"http://127.0.0.1:{FreePort.Take()}"), inFlightMax: 16, backoffMax: "00:00:10");
        rig.Receive([.. Enumerable.Range(1, 5_000).Select(id => (long)id)]);
        await Wait.UntilAsync(
            () =>
            {
                rig.Lookups.RunOnce();
                return rig.Status.IsUpstreamAway;
            },
            "the upstream counts as away");
        await Wait.UntilAsync(() => rig.Status.InFlight == 0, "nothing is in flight");
        TimeSpan wait = rig.Lookups.RunOnce();
        Assert.InRange(wait, TimeSpan.Zero, TimeSpan.FromMilliseconds(100));
    }

    [Fact]
    public async Task A_lookup_answers_what_was_received_before_it_started_and_the_next_one_all_that_came_meanwhile()
    {
        await using FakeUpstream upstream = await FakeUpstream.StartAsync();
        TaskCompletionSource[] gates = [new(), new(), new()];
        int started = 0;
        upstream.Handler = async (context, id) =>
        {
            await gates[Interlocked.Increment(ref started) - 1].Task;
            await FakeUpstream.AnswerAsync(context, id);
        };
        await using var rig = new LookupRig(upstream.Address);
        await rig.StartAsync();
        int first = rig.Receive(2);
        await Wait.UntilAsync(() => upstream.Requests(2) == 1, "the first lookup started");
        int[] meanwhile = [rig.Receive(2), rig.Receive(2, 2), rig.Receive(2)];
        Assert.Equal(1, rig.Status.InFlight);

        gates[0].SetResult();
        await rig.SettleAsync(first);
        await Wait.UntilAsync(() => upstream.Requests(2) == 2, "the second lookup started");
        Assert.All(meanwhile, callback => Assert.False(rig.IsSettled(callback, out _)));
        int late = rig.Receive(2);

        gates[1].SetResult();
        foreach (int callback in meanwhile)
            await rig.SettleAsync(callback);
        await Wait.UntilAsync(() => upstream.Requests(2) == 3, "the third lookup started");
        Assert.False(rig.IsSettled(late, out _));
        gates[2].SetResult();
        await rig.SettleAsync(late);
        Assert.Equal(3, upstream.Requests(2));
        Assert.Equal(0, upstream.Overlaps);
    }

    [Fact]
    public async Task Of_one_id_at_most_one_lookup_is_in_flight_under_a_storm_of_callbacks()
    {
        int seed = Environment.TickCount;
        TestContext.Current.TestOutputHelper?.WriteLine($"seed {seed}");
        var random = new Random(seed);
        await using FakeUpstream upstream = await FakeUpstream.StartAsync();
        upstream.Handler = async (context, id) =>
        {
            int dice = (int)((upstream.Requests(id) * 7 + id) % 10);
            await Task.Delay(dice);
            if (dice == 0)
                context.Response.StatusCode = 500;
            else
                await FakeUpstream.AnswerAsync(context, id);
        };
        await using var rig = new LookupRig(upstream.Address);
        await rig.StartAsync();
        int last = 0;
        for (int i = 0; i < 3_000; i++)
        {
            last = rig.Receive([.. Enumerable.Range(0, 5).Select(_ => (long)random.Next(20)).Distinct()]);
            if (i % 20 == 0)
                await Task.Yield();
        }

        for (int callback = 0; callback <= last; callback++)
            await rig.SettleAsync(callback);
        Assert.Equal(0, upstream.Overlaps);
        Assert.True(rig.Status.Attempts < 3_000, $"{rig.Status.Attempts} lookups for 20 ids.");
    }

    [Fact]
    public async Task Stopping_breaks_off_what_is_in_flight_and_leaves_it_to_the_next_life()
    {
        await using FakeUpstream upstream = await FakeUpstream.StartAsync();
        upstream.Handler = (context, _) => Task.Delay(Timeout.Infinite, context.RequestAborted);
        PendingTable table = LookupRig.NewTable();
        await using (var first = new LookupRig(upstream.Address, table, inFlightMax: 50, attemptTimeout: "00:01:00"))
        {
            await first.StartAsync();
            first.Receive([.. Enumerable.Range(1, 80).Select(id => (long)id)]);
            await Wait.UntilAsync(() => first.Status.InFlight == 50, "lookups hang");
            long start = TimeProvider.System.GetTimestamp();
            await first.StopAsync();
            Assert.InRange(TimeProvider.System.GetElapsedTime(start), TimeSpan.Zero, TimeSpan.FromSeconds(20));
            Assert.Equal(0, first.Status.InFlight);
            // Broken off by us: neither an attempt nor a failure.
            Assert.Equal(0, first.Status.Attempts);
            Assert.Equal(80, table.Status(first.Time.Now).Waiting);
        }

        upstream.Handler = FakeUpstream.AnswerAsync;
        await using var second = new LookupRig(upstream.Address, table);
        await second.StartAsync();
        Assert.Equal(40, (await second.SettleAsync(second.Receive([.. Enumerable.Range(1, 80).Select(id => (long)id)]))).Stored);
    }

    [Fact]
    public async Task It_can_be_started_and_stopped_at_any_moment()
    {
        await using FakeUpstream upstream = await FakeUpstream.StartAsync();
        upstream.Handler = async (context, id) =>
        {
            await Task.Delay((int)id % 5);
            await FakeUpstream.AnswerAsync(context, id);
        };
        PendingTable table = LookupRig.NewTable();
        long[] ids = [.. Enumerable.Range(1, 500).Select(id => (long)id)];
        for (int life = 0; life < 25; life++)
        {
            await using var rig = new LookupRig(upstream.Address, table, inFlightMax: 20);
            await rig.StartAsync();
            rig.Receive(ids);
            if (life % 3 != 0)
                await Wait.UntilAsync(() => rig.Status.Answers > life, "some are answered");
            await rig.StopAsync();
            Assert.Equal(0, table.Status(rig.Time.Now).InFlight);
        }

        await using var last = new LookupRig(upstream.Address, table);
        await last.StartAsync();
        Assert.Equal(new OutcomeCounts(Stored: 250, Offline: 250, Unknown: 0, Expired: 0), await last.SettleAsync(last.Receive(ids)));
    }

    static string NameOf(LookupFailure failure) => failure.ToString().ToLowerInvariant();

    static async Task MisbehaveAsync(HttpContext context, string misbehaviour)
    {
        HttpResponse response = context.Response;
        CancellationToken aborted = context.RequestAborted;
        switch (misbehaviour)
        {
            case "redirect":
                response.Redirect("/elsewhere");
                break;
            case "wrong id":
                await response.WriteAsync(FakeUpstream.Answer(BadId + 1), aborted);
                break;
            case "empty":
                break;
            case "half JSON":
                await response.WriteAsync("""{"id":1,"onl""", aborted);
                break;
            case "10 MB":
                response.ContentLength = 10 << 20;
                await response.Body.WriteAsync(new byte[10 << 20], aborted);
                break;
            case "10 MB in chunks":
                await response.WriteAsync(FakeUpstream.Answer(BadId), aborted);
                await response.Body.WriteAsync(Encoding.ASCII.GetBytes(new string(' ', 10 << 20)), aborted);
                break;
            case "endless":
                while (!aborted.IsCancellationRequested)
                    await response.Body.WriteAsync(Encoding.ASCII.GetBytes(new string(' ', 1 << 10)), aborted);
                break;
            case "long headers":
                response.Headers["X-Long"] = new string('x', 20_000);
                await response.WriteAsync(FakeUpstream.Answer(BadId), aborted);
                break;
            case "hang":
                await Task.Delay(Timeout.Infinite, aborted);
                break;
            case "hang in the body":
                await response.WriteAsync("""{"id":1,""", aborted);
                await response.Body.FlushAsync(aborted);
                await Task.Delay(Timeout.Infinite, aborted);
                break;
            case "trickle":
                while (!aborted.IsCancellationRequested)
                {
                    await response.WriteAsync(" ", aborted);
                    await response.Body.FlushAsync(aborted);
                    await Task.Delay(20, aborted);
                }

                break;
            case "reset":
                context.Abort();
                break;
            case "reset in the body":
                await response.WriteAsync("""{"id":1,""", aborted);
                await response.Body.FlushAsync(aborted);
                context.Abort();
                break;
            default:
                response.StatusCode = int.Parse(misbehaviour);
                break;
        }
    }
}

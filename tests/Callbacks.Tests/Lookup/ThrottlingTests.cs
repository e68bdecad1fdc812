using Callbacks.Journal;
using Callbacks.Tests.Support;
using Microsoft.Extensions.Logging;

namespace Callbacks.Tests.Lookup;

public sealed class ThrottlingTests
{
    static readonly long[] Ids = [.. Enumerable.Range(1, 500).Select(id => (long)id)];

    [Theory]
    [InlineData(429, "1")]
    [InlineData(503, "-1")]
    [InlineData(429, "soon")]
    [InlineData(503, "Thu, 01 Jan 1970 00:00:00 GMT")]
    [InlineData(429, "2147483647")]
    public async Task An_upstream_that_throttles_everybody_is_only_probed_and_then_used_in_full_again(int status, string retryAfter)
    {
        await using FakeUpstream upstream = await FakeUpstream.StartAsync();
        bool isCured = false;
        upstream.Handler = (context, id) =>
        {
            if (Volatile.Read(ref isCured))
                return FakeUpstream.AnswerAsync(context, id);
            context.Response.StatusCode = status;
            context.Response.Headers.RetryAfter = retryAfter;
            return Task.CompletedTask;
        };
        await using var rig = new LookupRig(upstream.Address);
        await rig.StartAsync();
        int callback = rig.Receive(Ids);
        await Wait.UntilAsync(() => rig.Status is { IsUpstreamAway: true, InFlight: 0 }, "only probes go out");
        Assert.InRange(rig.Status.InFlightLimit, 1, 8);
        long start = TimeProvider.System.GetTimestamp();
        long attempts = rig.Status.Attempts;
        await Wait.UntilAsync(() => rig.Status.Attempts >= attempts + 11, "probes go out");
        // A crowded machine makes it more, never less.
        Assert.InRange(TimeProvider.System.GetElapsedTime(start), TimeSpan.FromSeconds(0.9), TimeSpan.FromSeconds(25));

        Volatile.Write(ref isCured, true);
        long cured = TimeProvider.System.GetTimestamp();
        Assert.Equal(new OutcomeCounts(Stored: 250, Offline: 250, Unknown: 0, Expired: 0), await rig.SettleAsync(callback));
        // However long the upstream has asked to be left alone: 10 s at most.
        Assert.InRange(TimeProvider.System.GetElapsedTime(cured), TimeSpan.Zero, TimeSpan.FromSeconds(18));
        await Wait.UntilAsync(() => rig.Status is { IsUpstreamAway: false } now && now.InFlightLimit == now.InFlightMax, "the limit is back");
        Assert.StartsWith($"The upstream {upstream.Address} is away (Throttled)", Assert.Single(rig.Log.From(LogLevel.Warning)), StringComparison.Ordinal);
        Assert.Equal(1, rig.Log.Count($"The upstream {upstream.Address} is back after "));
    }

    [Fact]
    public async Task When_the_service_itself_stood_still_the_upstream_is_not_taken_for_away()
    {
        await using FakeUpstream upstream = await FakeUpstream.StartAsync();
        bool isHolding = true;
        int held = 0;
        upstream.Handler = async (context, id) =>
        {
            if (Volatile.Read(ref isHolding))
            {
                Interlocked.Increment(ref held);
                await Task.Delay(Timeout.Infinite, context.RequestAborted);
            }

            // So long that failures would be judged before.
            await Task.Delay(2_000);
            await FakeUpstream.AnswerAsync(context, id);
        };
        var clock = new ManualTime();
        await using var rig = new LookupRig(upstream.Address, inFlightMax: Ids.Length, attemptTimeout: "00:00:30", time: clock);
        await rig.StartAsync();
        int callback = rig.Receive(Ids);
        await Wait.UntilAsync(() => Volatile.Read(ref held) == rig.Status.InFlightMax, "lookups hang");
        Volatile.Write(ref isHolding, false);
        clock.Advance(TimeSpan.FromSeconds(40));
        await rig.SettleAsync(callback);
        Assert.Equal(rig.Status.InFlightMax, rig.Status.Failures["timeout"]);
        Assert.Equal(rig.Status.InFlightMax, rig.Status.InFlightLimit);
        Assert.Empty(rig.Log.From(LogLevel.Warning));
    }
}

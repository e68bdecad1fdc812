using Callbacks.Lookup;
using Callbacks.Tests.Support;

namespace Callbacks.Tests.Lookup;

public sealed class SilenceTests
{
    readonly FakeTimeProvider _time = new();
    readonly Silence _silence;

    public SilenceTests() => _silence = new Silence(_time);

    [Fact]
    public void It_begins_with_the_first_lookup_and_is_told_when_longer_than_a_good_upstream_takes()
    {
        AskAfter(seconds: 0);
        AskAfter(seconds: 4);
        Assert.Null(_silence.Length);
        AskAfter(seconds: 2);
        Assert.Equal(TimeSpan.FromSeconds(6), _silence.Length);
    }

    [Fact]
    public void A_usable_answer_ends_it_and_it_may_begin_again()
    {
        AskAfter(seconds: 0);
        _time.Advance(TimeSpan.FromSeconds(60));
        _silence.Answered(_time.GetTimestamp());
        Assert.Null(_silence.Length);
        _time.Advance(TimeSpan.FromSeconds(7));
        Assert.Equal(TimeSpan.FromSeconds(7), _silence.Length);
    }

    [Fact]
    public void An_upstream_that_is_not_asked_is_not_silent()
    {
        AskAfter(seconds: 0);
        _silence.Answered(_time.GetTimestamp());
        _silence.NothingWaits();
        _time.Advance(TimeSpan.FromHours(1));
        Assert.Null(_silence.Length);
        AskAfter(seconds: 0);
        Assert.Null(_silence.Length);
    }

    [Fact]
    public async Task After_a_time_with_nothing_to_look_up_a_slow_answer_is_not_taken_for_silence()
    {
        await using FakeUpstream upstream = await FakeUpstream.StartAsync();
        await using var rig = new LookupRig(upstream.Address, attemptTimeout: "00:01:00");
        await rig.StartAsync();
        await rig.SettleAsync(rig.Receive(2));
        await Task.Delay(TimeSpan.FromSeconds(6), TestContext.Current.CancellationToken);
        upstream.Handler = (context, _) => Task.Delay(Timeout.Infinite, context.RequestAborted);
        rig.Receive(4);
        await Wait.UntilAsync(() => rig.Status.InFlight == 1, "it is looked up");
        Assert.Null(rig.Status.Silence);
        await Wait.UntilAsync(() => rig.Status.Silence is not null, "it is taken for silence in time");
    }

    void AskAfter(int seconds)
    {
        _time.Advance(TimeSpan.FromSeconds(seconds));
        _silence.Asked(_time.GetTimestamp());
    }
}

using System.Text;
using Callbacks.Tester.Records;
using Callbacks.Tester.Serve;
using Callbacks.Tests.Support;
using Microsoft.AspNetCore.Http;

namespace Callbacks.Tests.Tester;

public sealed class ServeAnswers
{
    const long Second = 1_000_000;

    [Fact]
    public void By_default_an_even_id_is_online()
    {
        Assert.True(Answers.IsOnline(null, 0, 5));
        Assert.False(Answers.IsOnline(null, -3, 5));
        Assert.True(Answers.IsOnline(null, 4, 99 * Second));
    }

    [Fact]
    public void A_changing_answer_is_a_pure_function_of_seed_id_and_time()
    {
        for (long now = 0; now < 60 * Second; now += Second / 7)
            Assert.Equal(Answers.IsOnline(7, 42, now), Answers.IsOnline(7, 42, now));
        Assert.Contains(Enumerable.Range(0, 100), id => Answers.IsOnline(7, id, 0) != Answers.IsOnline(8, id, 0));
    }

    [Fact]
    public void A_changing_answer_stays_and_changes_within_ten_seconds_at_most()
    {
        for (long id = 0; id < 200; id++)
        {
            int changes = 0;
            for (long now = 0; now < 60 * Second; now += Second / 10)
                changes += Answers.IsOnline(7, id, now) != Answers.IsOnline(7, id, now + Second / 10) ? 1 : 0;
            // Half a period lasts 1.5 to 10 s.
            Assert.InRange(changes, 5, 41);
        }
    }

    [Fact]
    public void A_seed_replays_the_same_draws()
    {
        var (first, second) = (new Dice(3), new Dice(3));
        double[] draws = [.. Enumerable.Range(0, 1_000).Select(_ => first.Next())];
        Assert.Equal(draws, Enumerable.Range(0, 1_000).Select(_ => second.Next()));
        Assert.InRange(draws.Average(), 0.45, 0.55);
        Assert.All(draws, draw => Assert.InRange(draw, 0, 0.999_999_999));
    }

    [Fact]
    public void Rates_share_out_one_roll()
    {
        var behaviour = new Behaviour { ErrorRate = 0.25, HangRate = 0.25, ResetRate = 0.25 };
        Assert.Equal(Misbehaviour.Error, behaviour.Decide(0));
        Assert.Equal(Misbehaviour.Hang, behaviour.Decide(0.26));
        Assert.Equal(Misbehaviour.Reset, behaviour.Decide(0.74));
        Assert.Equal(Misbehaviour.None, behaviour.Decide(0.76));
        Assert.NotNull((behaviour with { TrickleRate = 0.3 }).Problem());
        Assert.NotNull((behaviour with { HangRate = -0.1 }).Problem());
        Assert.Null(behaviour.Problem());
    }

    [Fact]
    public void A_change_names_some_fields_and_leaves_the_rest()
    {
        Behaviour changed = new Behaviour { LatencyMinMs = 1, ErrorRate = 0.5 }.With("""{"error_rate":0,"status":503,"retry_after":"x"}""");
        Assert.Equal(new Behaviour { LatencyMinMs = 1, Status = 503, RetryAfter = "x" }, changed);
        Assert.Throws<System.Text.Json.JsonException>(() => changed.With("""{"unheard_of":1}"""));
    }

    [Fact]
    public async Task A_trickle_is_answered_when_its_last_byte_is_sent_and_not_later()
    {
        var time = new FakeTimeProvider();
        await using var slow = new SlowReturn(time);
        var context = new DefaultHttpContext { Response = { Body = slow } };
        Task<long> trickle = Reply.TrickleAsync(context, 4, online: true, time);
        while (!trickle.IsCompleted)
        {
            time.Advance(TimeSpan.FromMilliseconds(200));
            await Task.Yield();
        }

        Assert.Equal("""{"id":4,"online":true}""", Encoding.UTF8.GetString(slow.ToArray()));
        Assert.Equal(slow.LastArrival, await trickle);
    }

    /// <summary>Whoever reads a byte has it a second before its writer may go on.</summary>
    sealed class SlowReturn(FakeTimeProvider time) : MemoryStream
    {
        public long LastArrival { get; private set; }

        public override ValueTask WriteAsync(ReadOnlyMemory<byte> buffer, CancellationToken cancellationToken = default)
        {
            LastArrival = Moment.Now(time);
            time.SetWallClock(time.GetUtcNow() + TimeSpan.FromSeconds(1));
            return base.WriteAsync(buffer, cancellationToken);
        }
    }
}

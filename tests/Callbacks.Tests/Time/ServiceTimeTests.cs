using Callbacks.Tests.Support;
using Callbacks.Time;

namespace Callbacks.Tests.Time;

public sealed class ServiceTimeTests
{
    static readonly TimeSpan Second = TimeSpan.FromSeconds(1);
    static readonly TimeSpan Hour = TimeSpan.FromHours(1);

    readonly FakeTimeProvider _clock = new();

    Instant Wall => Instant.From(_clock.GetUtcNow());

    [Fact]
    public void It_starts_at_the_wall_clock_and_runs_with_it()
    {
        var time = new ServiceTime(_clock);
        Assert.Equal(Wall, time.Now);
        _clock.Advance(Hour);
        Assert.Equal(Wall, time.Now);
        Assert.Equal(TimeSpan.Zero, time.Apart);
        Assert.False(time.IsDegraded);
        Assert.Equal(Instant.MinValue, time.SteppedAt);
    }

    [Fact]
    public void It_starts_no_earlier_than_what_the_journal_has_seen_and_runs_on_from_there()
    {
        var time = new ServiceTime(_clock);
        Instant last = Wall + Hour;
        time.StartNoEarlierThan(last);
        Assert.Equal(last, time.Now);
        Assert.True(time.IsDegraded);
        Assert.Equal(-Hour, time.Apart);
        _clock.Advance(Second);
        Assert.Equal(last + Second, time.Now);
        Assert.Equal(Instant.MinValue, time.SteppedAt);
    }

    [Fact]
    public void What_the_journal_saw_in_the_past_changes_nothing()
    {
        var time = new ServiceTime(_clock);
        time.StartNoEarlierThan(Wall - Hour);
        Assert.Equal(Wall, time.Now);
    }

    [Fact]
    public void A_wall_clock_set_back_is_degraded_and_time_runs_on()
    {
        var time = new ServiceTime(_clock);
        Instant before = time.Now;
        _clock.SetWallClock(_clock.GetUtcNow() - Hour);
        Assert.Equal(before, time.Now);
        Assert.True(time.IsDegraded);
        Assert.Equal(-Hour, time.Apart);
        _clock.Advance(Second);
        Assert.Equal(before + Second, time.Now);
        Assert.Equal(Instant.MinValue, time.SteppedAt);
        _clock.SetWallClock(_clock.GetUtcNow() + Hour);
        Assert.False(time.IsDegraded);
        Assert.Equal(before + Second, time.Now);
    }

    [Theory]
    [InlineData(-1_000)]
    [InlineData(-1)]
    [InlineData(1)]
    [InlineData(1_000)]
    public void Up_to_a_second_apart_is_nothing(int milliseconds)
    {
        var time = new ServiceTime(_clock);
        Instant before = time.Now;
        _clock.SetWallClock(_clock.GetUtcNow() + TimeSpan.FromMilliseconds(milliseconds));
        Assert.Equal(before, time.Now);
        Assert.Equal(TimeSpan.FromMilliseconds(milliseconds), time.Apart);
        Assert.False(time.IsDegraded);
        Assert.Equal(Instant.MinValue, time.SteppedAt);
    }

    [Fact]
    public void A_wall_clock_more_than_a_second_ahead_is_stepped_to_and_the_step_is_told()
    {
        var time = new ServiceTime(_clock);
        _clock.Advance(Second);
        _clock.SetWallClock(_clock.GetUtcNow() + Hour);
        Assert.Equal(Wall, time.Now);
        Assert.Equal(Wall, time.SteppedAt);
        Assert.False(time.IsDegraded);
        Assert.Equal(TimeSpan.Zero, time.Apart);
        Instant step = Wall;
        _clock.Advance(Second);
        Assert.Equal(step + Second, time.Now);
        Assert.Equal(step, time.SteppedAt);
    }

    [Fact]
    public void A_machine_that_was_suspended_steps_to_the_time_it_woke_up_at()
    {
        // The monotonic clock stood still meanwhile.
        var time = new ServiceTime(_clock);
        for (int nap = 1; nap <= 3; nap++)
        {
            _clock.SetWallClock(_clock.GetUtcNow() + Hour);
            Assert.Equal(Wall, time.Now);
            Assert.Equal(Wall, time.SteppedAt);
            _clock.Advance(Second);
        }
    }

    [Fact]
    public void It_never_goes_back_whatever_the_wall_clock_does()
    {
        int seed = Environment.TickCount;
        TestContext.Current.TestOutputHelper?.WriteLine($"seed {seed}");
        var random = new Random(seed);
        var time = new ServiceTime(_clock);
        Instant last = time.Now;
        for (int step = 0; step < 20_000; step++)
        {
            if (random.Next(3) == 0)
                _clock.SetWallClock(_clock.GetUtcNow() + TimeSpan.FromMilliseconds(random.Next(-4_000_000, 4_000_000) / (random.Next(2) == 0 ? 1 : 2_000)));
            else
                _clock.Advance(TimeSpan.FromTicks(random.Next(30_000_000)));
            Instant now = time.Now;
            Assert.True(now >= last, $"{now} after {last}.");
            Assert.True(now + Second >= Wall, $"{now} is behind {Wall}.");
            last = now;
        }
    }

    [Fact]
    public async Task It_never_goes_back_for_several_threads_that_ask_while_the_clock_is_moved()
    {
        var time = new ServiceTime(_clock);
        using var end = new CancellationTokenSource();
        Task[] readers = [.. Enumerable.Range(0, 3).Select(_ => Task.Run(() =>
        {
            Instant last = time.Now;
            while (!end.IsCancellationRequested)
            {
                Instant now = time.Now;
                Assert.True(now >= last);
                last = now;
            }
        }))];
        for (int step = 0; step < 2_000; step++)
        {
            _clock.SetWallClock(_clock.GetUtcNow() + TimeSpan.FromSeconds(step % 7 - 3));
            _clock.Advance(TimeSpan.FromMilliseconds(step % 5));
        }

        await end.CancelAsync();
        await Task.WhenAll(readers);
    }
}

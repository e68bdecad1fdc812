using Callbacks.Lookup;

namespace Callbacks.Tests.Lookup;

public sealed class BackoffTests
{
    const double AlmostOne = 0.999_999_999;

    static readonly TimeSpan Max = TimeSpan.FromSeconds(5);

    [Theory]
    [InlineData(1, 250)]
    [InlineData(2, 500)]
    [InlineData(3, 1_000)]
    [InlineData(4, 2_000)]
    [InlineData(5, 4_000)]
    [InlineData(6, 5_000)]
    [InlineData(100, 5_000)]
    [InlineData(int.MaxValue, 5_000)]
    public void The_bound_doubles_with_each_failure_up_to_the_cap(int failures, double boundMilliseconds)
    {
        Assert.Equal(boundMilliseconds, Backoff.Delay(failures, Max, null, AlmostOne).TotalMilliseconds, tolerance: 0.01);
        Assert.Equal(boundMilliseconds / 2, Backoff.Delay(failures, Max, null, 0.5).TotalMilliseconds, tolerance: 0.01);
    }

    [Theory]
    [InlineData(1)]
    [InlineData(50)]
    public void Even_the_luckiest_draw_is_no_spin(int failures) => Assert.Equal(TimeSpan.FromMilliseconds(20), Backoff.Delay(failures, Max, null, 0));

    [Fact]
    public void A_cap_below_the_first_bound_holds() =>
        Assert.InRange(Backoff.Delay(9, TimeSpan.FromMilliseconds(100), null, AlmostOne), TimeSpan.FromMilliseconds(99), TimeSpan.FromMilliseconds(100));

    [Fact]
    public void What_the_upstream_asks_for_is_the_least_that_it_gets()
    {
        Assert.Equal(TimeSpan.FromSeconds(3), Backoff.Delay(1, Max, TimeSpan.FromSeconds(3), AlmostOne));
        Assert.Equal(TimeSpan.FromSeconds(4), Backoff.Delay(5, Max, TimeSpan.FromSeconds(1), 1));
    }

    [Theory]
    [InlineData(11)]
    [InlineData(86_400)]
    [InlineData(2_147_483_647)]
    public void A_huge_wish_is_cut_to_ten_seconds(int seconds) =>
        Assert.Equal(TimeSpan.FromSeconds(10), Backoff.Delay(1, Max, TimeSpan.FromSeconds(seconds), 0.5));

    [Fact]
    public void The_longest_span_there_is_is_cut_too() => Assert.Equal(TimeSpan.FromSeconds(10), Backoff.Delay(1, Max, TimeSpan.MaxValue, 0.5));

    [Theory]
    [InlineData(0)]
    [InlineData(-1)]
    [InlineData(-1_000_000)]
    public void A_wish_that_is_over_already_changes_nothing(int seconds) =>
        Assert.Equal(Backoff.Delay(3, Max, null, 0.5), Backoff.Delay(3, Max, TimeSpan.FromSeconds(seconds), 0.5));
}

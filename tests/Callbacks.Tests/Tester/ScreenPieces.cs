using Callbacks.Tester.Screen;
using Callbacks.Tester.Verify;

namespace Callbacks.Tests.Tester;

public sealed class ScreenPieces
{
    [Theory]
    [InlineData(0, "0 ms")]
    [InlineData(7, "0.01 ms")]
    [InlineData(1_234, "1.23 ms")]
    [InlineData(12_340, "12.3 ms")]
    [InlineData(123_400, "123 ms")]
    [InlineData(1_234_000, "1.23 s")]
    [InlineData(61_000_000, "61 s")]
    public void A_latency_has_about_three_digits(long microseconds, string text) => Assert.Equal(text, Figure.Latency(microseconds));

    [Theory]
    [InlineData(0.2, "0.2/s")]
    [InlineData(149.94, "149.9/s")]
    [InlineData(12_345.6, "12,346/s")]
    public void A_rate_has_as_many_digits_as_matter(double perSecond, string text) => Assert.Equal(text, Figure.Rate(perSecond));

    [Theory]
    [InlineData(59.9, "59 s")]
    [InlineData(65, "1 min 05 s")]
    [InlineData(3_600, "1 h 00 min")]
    [InlineData(100_000, "27 h 46 min")]
    public void A_length_is_told_in_its_two_largest_units(double seconds, string text) => Assert.Equal(text, Figure.Length(TimeSpan.FromSeconds(seconds)));

    [Fact]
    public void A_name_becomes_words() => Assert.Equal("swept while pending", Figure.Words(Wrong.SweptWhilePending));

    [Theory]
    [InlineData(0, "")]
    [InlineData(0.0001, "▏")]
    [InlineData(0.5, "██")]
    [InlineData(0.53125, "██▏")]
    [InlineData(1, "████")]
    public void A_bar_is_as_long_as_its_share_and_seen_when_there_is_anything(double share, string bar) => Assert.Equal(bar, Bar.Of(share, 4));

    [Fact]
    public void A_sparkline_goes_from_blank_to_its_largest_value()
    {
        Assert.Equal(" ▁▁▄█", Sparkline.Of([0, 1, 100, 500, 1_000]));
        Assert.Equal("█", Sparkline.Of([long.MaxValue / 8]));
        Assert.Equal("  ", Sparkline.Of([0, 0]));
    }

    [Fact]
    public void The_rate_of_one_every_5_s_is_steady_after_10_s()
    {
        var recent = new RecentSeconds();
        for (long second = 0; second <= 200; second++)
        {
            if (second % 5 == 0)
                recent.Count(second, 1);
            if (second >= 10)
                Assert.Equal(0.2, recent.Rate(second));
        }
    }

    [Fact]
    public void The_rate_at_the_start_is_that_of_the_seconds_that_there_were()
    {
        var recent = new RecentSeconds();
        recent.Count(0, 7);
        Assert.Equal(7, recent.Rate(0));
        recent.Count(1, 3);
        Assert.Equal(7, recent.Rate(1));
        Assert.Equal(5, recent.Rate(2));
    }

    [Fact]
    public void A_minute_later_a_second_is_forgotten()
    {
        var recent = new RecentSeconds();
        recent.Count(3, 5);
        recent.Time(3, 900);
        recent.Time(3, 400);
        Assert.Equal([0, 0, 0, 5], recent.Events(4));
        Assert.Equal(900, recent.Slowest(4)[3]);
        Assert.Equal(5, recent.Events(63)[0]);
        Assert.Equal(60, recent.Events(64).Length);
        Assert.All(recent.Events(64), events => Assert.Equal(0, events));
        recent.Count(63, 1);
        Assert.Equal([1], recent.Events(64).Where(events => events > 0));
        Assert.All(recent.Slowest(64), slowest => Assert.Equal(0, slowest));
    }
}

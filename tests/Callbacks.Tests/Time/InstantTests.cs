using Callbacks.Time;

namespace Callbacks.Tests.Time;

public sealed class InstantTests
{
    [Theory]
    [InlineData(0, "1970-01-01T00:00:00.000000Z")]
    [InlineData(1, "1970-01-01T00:00:00.000001Z")]
    [InlineData(-1, "1969-12-31T23:59:59.999999Z")]
    [InlineData(1_767_225_600_000_000, "2026-01-01T00:00:00.000000Z")]
    [InlineData(1_767_225_599_999_999, "2025-12-31T23:59:59.999999Z")]
    [InlineData(253_402_300_799_999_999, "9999-12-31T23:59:59.999999Z")]
    public void It_is_written_in_UTC_with_six_digits(long microseconds, string text) => Assert.Equal(text, new Instant(microseconds).ToString());

    [Fact]
    public void What_comes_from_a_date_goes_back_to_it_less_what_is_below_a_microsecond()
    {
        var random = new Random(7);
        for (int i = 0; i < 10_000; i++)
        {
            var date = new DateTime(random.NextInt64(DateTime.MaxValue.Ticks), DateTimeKind.Utc);
            DateTime back = Instant.From(date).ToDateTime();
            Assert.Equal(DateTimeKind.Utc, back.Kind);
            Assert.Equal(date.Ticks / 10 * 10, back.Ticks);
            Assert.Equal(Instant.From(date), Instant.From(new DateTimeOffset(date)));
        }
    }

    [Fact]
    public void An_offset_is_another_way_to_write_the_same_moment() => Assert.Equal(
        Instant.From(new DateTimeOffset(2026, 1, 1, 10, 30, 0, TimeSpan.Zero)),
        Instant.From(new DateTimeOffset(2026, 1, 1, 12, 0, 0, TimeSpan.FromMinutes(90))));

    [Fact]
    public void Sums_and_differences_are_whole_microseconds()
    {
        var instant = new Instant(1_000_000);
        Assert.Equal(new Instant(1_000_001), instant + TimeSpan.FromMicroseconds(1));
        Assert.Equal(new Instant(999_999), instant - TimeSpan.FromMicroseconds(1));
        Assert.Equal(instant, instant + TimeSpan.FromTicks(9));
        Assert.Equal(TimeSpan.FromSeconds(1), instant - Instant.MinValue);
        Assert.Equal(TimeSpan.FromSeconds(-1), Instant.MinValue - instant);
    }

    [Fact]
    public void Later_is_greater()
    {
        var (early, late) = (new Instant(1), new Instant(2));
        Assert.True(early < late && late > early && early <= late && late >= early && !(late < early) && !(early > late));
        Assert.Equal(late, Instant.Max(early, late));
        Assert.Equal(late, Instant.Max(late, early));
        Assert.Equal(early, Instant.Min(late, early));
        Assert.True(early.CompareTo(late) < 0);
        Assert.True(Instant.MinValue < Instant.MaxValue);
        Assert.Equal(DateTime.MaxValue.Ticks / 10 * 10, Instant.MaxValue.ToDateTime().Ticks);
    }
}

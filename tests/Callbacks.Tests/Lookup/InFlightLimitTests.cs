using Callbacks.Journal.Pending;
using Callbacks.Lookup;
using Callbacks.Time;

namespace Callbacks.Tests.Lookup;

public sealed class InFlightLimitTests
{
    static readonly LookupResult Good = LookupResult.Of(LookupAnswer.Online);
    static readonly LookupResult Bad = LookupResult.Failed(LookupFailure.Connection);

    static readonly TimeSpan AttemptTimeout = TimeSpan.FromSeconds(10);

    Instant _now = Instant.From(new DateTimeOffset(2026, 1, 1, 0, 0, 0, TimeSpan.Zero));

    [Theory]
    [InlineData(LookupFailure.Connection)]
    [InlineData(LookupFailure.Timeout)]
    [InlineData(LookupFailure.Throttled)]
    internal void More_than_a_fifth_of_failures_shrinks_it_to_what_would_leave_a_fifth(LookupFailure failure)
    {
        var limit = new InFlightLimit(1_000, AttemptTimeout);
        RecordShare(limit, LookupResult.Failed(failure), failed: 8, of: 32);
        Assert.Equal(937, limit.Limit);
        Assert.False(limit.IsProbing);
    }

    [Fact]
    public void A_fifth_of_failures_is_borne()
    {
        var limit = new InFlightLimit(1_000, AttemptTimeout);
        for (int round = 0; round < 50; round++)
            RecordShare(limit, Bad, failed: 6, of: 32);
        Assert.Equal(1_000, limit.Limit);
    }

    [Theory]
    [InlineData(LookupFailure.Status)]
    [InlineData(LookupFailure.Malformed)]
    internal void An_upstream_that_answers_nonsense_is_not_short_of_breath(LookupFailure failure)
    {
        var limit = new InFlightLimit(100, AttemptTimeout);
        RecordShare(limit, LookupResult.Failed(failure), failed: 320, of: 320);
        Assert.Equal(100, limit.Limit);
    }

    [Theory]
    [InlineData(1)]
    [InlineData(3)]
    public void Failures_of_few_ids_throttle_nobody_else(int badIds)
    {
        var limit = new InFlightLimit(100, AttemptTimeout);
        for (int i = 0; i < 1_000; i++)
        {
            limit.Record(i % badIds, Bad, _now, _now);
            _now += TimeSpan.FromMilliseconds(20);
        }

        Assert.Equal(100, limit.Limit);
        Assert.False(limit.IsProbing);
    }

    [Fact]
    public void A_slow_trickle_of_failures_is_noticed_too()
    {
        var limit = new InFlightLimit(100, AttemptTimeout);
        for (int i = 0; i < 200 && !limit.IsProbing; i++)
        {
            limit.Record(i, Bad, _now, _now);
            _now += TimeSpan.FromMilliseconds(200);
        }

        Assert.True(limit.IsProbing);
    }

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(3)]
    [InlineData(4)]
    [InlineData(5)]
    [InlineData(6)]
    [InlineData(7)]
    [InlineData(8)]
    [InlineData(9)]
    [InlineData(15)]
    [InlineData(2_000)]
    public void Of_whatever_size_it_probes_an_upstream_that_is_down_and_comes_back_within_its_maximum(int max)
    {
        var limit = new InFlightLimit(max, AttemptTimeout);
        Assert.True(limit.MayStart(max - 1, _now));
        Assert.False(limit.MayStart(max, _now));
        BringDown(limit);

        limit.Record(1, Good, _now, _now);
        Assert.False(limit.IsProbing);
        Assert.InRange(limit.Limit, 1, max);
        Instant first = _now;
        while (limit.IsBelowMax && _now - first < TimeSpan.FromMinutes(1))
        {
            _now += TimeSpan.FromMilliseconds(50);
            limit.MayStart(0, _now);
            Assert.InRange(limit.Limit, 1, max);
        }

        Assert.Equal(max, limit.Limit);
        Assert.True(limit.MayStart(max - 1, _now));
        Assert.False(limit.MayStart(max, _now));
    }

    [Theory]
    [InlineData(1)]
    [InlineData(8)]
    [InlineData(2_000)]
    public void While_it_probes_at_most_ten_start_a_second_and_never_more_than_the_maximum_at_once(int max)
    {
        var limit = new InFlightLimit(max, AttemptTimeout);
        BringDown(limit);
        limit.Started(_now);
        int started = 0;
        for (int milliseconds = 0; milliseconds < 10_000; milliseconds++)
        {
            _now += TimeSpan.FromMilliseconds(1);
            Assert.False(limit.MayStart(max, _now));
            bool isDue = limit.UntilNextProbe(_now) <= TimeSpan.Zero;
            Assert.Equal(isDue, limit.MayStart(0, _now));
            if (!isDue)
                continue;
            limit.Started(_now);
            limit.Record(started++, Bad, _now, _now);
        }

        Assert.Equal(100, started);
        Assert.True(limit.IsProbing);
    }

    [Theory]
    [InlineData(100)]
    [InlineData(2_000)]
    [InlineData(100_000)]
    public void It_is_back_at_the_maximum_within_5_s_of_the_first_success_even_when_answers_are_rare(int max)
    {
        var limit = new InFlightLimit(max, AttemptTimeout);
        BringDown(limit);
        limit.Record(1, Good, _now, _now);
        Instant first = _now;
        while (limit.IsBelowMax)
        {
            _now += TimeSpan.FromMilliseconds(75);
            limit.Record(1, Good, first, _now);
            limit.MayStart(0, _now);
            Assert.True(_now - first < TimeSpan.FromSeconds(5), $"{limit.Limit} of {max} after 5 s.");
        }
    }

    [Fact]
    public void An_answer_that_came_while_the_service_stood_still_says_that_the_upstream_is_back_and_a_failure_nothing()
    {
        var limit = new InFlightLimit(100, AttemptTimeout);
        BringDown(limit);
        _now += TimeSpan.FromSeconds(1);
        Instant probe = _now;
        _now += TimeSpan.FromSeconds(5);
        limit.StoodStill(_now);
        limit.Record(1, Good, probe, _now);
        Assert.False(limit.IsProbing);

        int back = limit.Limit;
        _now += TimeSpan.FromSeconds(1);
        Instant begun = _now;
        _now += TimeSpan.FromSeconds(5);
        limit.StoodStill(_now);
        for (int i = 0; i < 100; i++)
            limit.Record(i, Bad, begun, _now);
        Assert.False(limit.IsProbing);
        Assert.InRange(limit.Limit, back, 100);
    }

    [Fact]
    public void What_was_begun_before_it_went_away_or_came_back_says_nothing_of_now()
    {
        var limit = new InFlightLimit(100, AttemptTimeout);
        Instant before = _now;
        BringDown(limit);
        for (int i = 0; i < 100; i++)
            limit.Record(i, Good, before, _now);
        Assert.True(limit.IsProbing);

        Instant away = _now;
        _now += TimeSpan.FromSeconds(1);
        limit.Record(1, Good, away, _now);
        Assert.False(limit.IsProbing);
        int back = limit.Limit;
        _now += TimeSpan.FromSeconds(1);
        for (int i = 0; i < 100; i++)
            limit.Record(i, Bad, away, _now);
        _now += TimeSpan.FromSeconds(2);
        limit.MayStart(0, _now);
        Assert.False(limit.IsProbing);
        Assert.InRange(limit.Limit, back, 100);
    }

    [Fact]
    public void Failures_that_come_all_at_once_count_by_their_share_of_all()
    {
        var limit = new InFlightLimit(15_000, AttemptTimeout);
        for (int round = 0; round < 300; round++)
        {
            // 5% of 5,600 a second, as they are found ten times a second.
            for (int i = 0; i < 560; i++)
                limit.Record(i, i < 28 ? LookupResult.Failed(LookupFailure.Timeout) : Good, _now - AttemptTimeout, _now);
            _now += TimeSpan.FromMilliseconds(100);
            limit.MayStart(0, _now);
            Assert.Equal(15_000, limit.Limit);
        }
    }

    [Theory]
    [InlineData(0.3)]
    [InlineData(2.3)]
    public void Of_what_was_begun_before_it_shrank_the_failures_are_not_counted_again(double latencySeconds)
    {
        var limit = new InFlightLimit(15_000, AttemptTimeout);
        TimeSpan latency = TimeSpan.FromSeconds(latencySeconds);
        var random = new Random(1);
        int least = int.MaxValue;
        for (int round = 0; round < 600; round++)
        {
            // Three in ten, whatever it is asked.
            for (int i = 0; i < limit.Limit / 10 / latencySeconds; i++)
            {
                limit.Record(random.Next(), random.NextDouble() < 0.3 ? LookupResult.Failed(LookupFailure.Throttled) : Good, _now - latency, _now);
                limit.Started(_now);
            }

            _now += TimeSpan.FromMilliseconds(100);
            limit.MayStart(limit.Limit, _now);
            Assert.False(limit.IsProbing);
            least = Math.Min(least, limit.Limit);
        }

        Assert.InRange(least, 10_000, 14_999);
    }

    [Fact]
    public void An_upstream_that_hung_is_back_at_the_maximum_within_5_s()
    {
        var limit = new InFlightLimit(15_000, AttemptTimeout);
        limit.Record(1, Good, _now, _now);
        Instant begun = _now;
        _now += AttemptTimeout;
        for (int i = 0; i < 15_000; i++)
            limit.Record(i, LookupResult.Failed(LookupFailure.Timeout), begun, _now);
        _now += TimeSpan.FromMilliseconds(250);
        limit.MayStart(0, _now);
        Assert.True(limit.IsProbing);

        Instant back = _now;
        limit.Record(1, Good, _now, _now);
        while (limit.IsBelowMax)
        {
            _now += TimeSpan.FromMilliseconds(50);
            // Each takes a second.
            if (_now - back >= TimeSpan.FromSeconds(1))
                limit.Record(1, Good, _now - TimeSpan.FromSeconds(1), _now);
            limit.MayStart(0, _now);
            Assert.True(_now - back < TimeSpan.FromSeconds(5), $"{limit.Limit} after 5 s.");
        }
    }

    [Fact]
    public void After_a_single_answer_it_goes_as_far_as_a_few_thousand()
    {
        var limit = new InFlightLimit(15_000, AttemptTimeout);
        BringDown(limit);
        limit.Record(1, Good, _now, _now);
        for (int i = 0; i < 100; i++)
        {
            _now += TimeSpan.FromMilliseconds(50);
            limit.MayStart(0, _now);
        }

        Assert.InRange(limit.Limit, 2_000, 3_000);
    }

    [Fact]
    public void A_long_silence_is_not_made_up_for_in_one_leap()
    {
        var limit = new InFlightLimit(10_000, AttemptTimeout);
        BringDown(limit);
        limit.Record(1, Good, _now, _now);
        int before = limit.Limit;
        _now += TimeSpan.FromMinutes(10);
        for (int i = 0; i < 50; i++)
            limit.MayStart(0, _now);
        Assert.InRange(limit.Limit, before, before * 2);
    }

    void RecordShare(InFlightLimit limit, in LookupResult failure, int failed, int of)
    {
        limit.MayStart(limit.Limit - 1, _now);
        for (int i = 0; i < of; i++)
            limit.Record(i, i < failed ? failure : Good, _now, _now);
        _now += TimeSpan.FromMilliseconds(250);
        limit.MayStart(0, _now);
    }

    void BringDown(InFlightLimit limit)
    {
        for (int i = 0; i < 10_000 && !limit.IsProbing; i++)
        {
            limit.Record(i, Bad, _now, _now);
            _now += TimeSpan.FromMilliseconds(5);
        }

        Assert.True(limit.IsProbing);
    }
}

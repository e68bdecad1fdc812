using Callbacks.Journal.Pending;
using Callbacks.Lookup;
using Callbacks.Time;

namespace Callbacks.Tests.Lookup;

/// <summary>What the in-flight limit makes of upstreams that struggle, each in its own way.</summary>
public sealed class StrugglingUpstreamTests
{
    static readonly LookupResult Good = LookupResult.Of(LookupAnswer.Online);
    static readonly TimeSpan AttemptTimeout = TimeSpan.FromSeconds(10);

    [Theory]
    [InlineData(2_000, 1)]
    [InlineData(2_000, 100)]
    [InlineData(15_000, 1)]
    [InlineData(15_000, 100)]
    public void One_in_ten_that_fails_before_the_first_answer_can_come_takes_nothing_from_the_others(int max, double afterMilliseconds)
    {
        (InFlightLimit limit, SimulatedLookups lookups) = New(max);
        lookups.Upstream = _ => lookups.Happens(0.1) ? SimulatedLookups.Fail(LookupFailure.Connection, afterMilliseconds) : lookups.Answer();
        lookups.Run(30);
        Assert.Equal(TimeSpan.Zero, lookups.Away);
        Assert.Equal(max, lookups.LimitMin);

        GoAway(lookups, limit, _ => SimulatedLookups.Fail(LookupFailure.Connection));
        lookups.Upstream = _ => lookups.Happens(0.1) ? SimulatedLookups.Fail(LookupFailure.Connection, afterMilliseconds) : lookups.Answer();
        lookups.RunUntil(() => !limit.IsProbing, 5);
        lookups.Count();
        lookups.RunUntil(() => !limit.IsBelowMax, 5);
        lookups.Run(30);
        Assert.Equal(TimeSpan.Zero, lookups.Away);
        Assert.False(limit.IsBelowMax);
    }

    [Theory]
    [InlineData(2_000, 0)]
    [InlineData(2_000, 4)]
    [InlineData(15_000, 0)]
    [InlineData(15_000, 4)]
    public void From_the_first_answer_after_it_was_away_it_takes_5_s_until_all_is_as_before(int max, double latencySeconds)
    {
        (InFlightLimit limit, SimulatedLookups lookups) = New(max);
        Func<int, (LookupResult, TimeSpan)> good = _ => latencySeconds == 0 ? lookups.Answer() : SimulatedLookups.AnswerAfter(latencySeconds);
        foreach (Func<int, (LookupResult, TimeSpan)> bad in new Func<int, (LookupResult, TimeSpan)>[]
                 {
                     _ => SimulatedLookups.Fail(LookupFailure.Connection),
                     _ => SimulatedLookups.Fail(LookupFailure.Throttled),
                     _ => SimulatedLookups.Fail(LookupFailure.Connection, 3_000),
                     _ => SimulatedLookups.Hang(),
                 })
        {
            lookups.Upstream = good;
            lookups.Run(10);
            GoAway(lookups, limit, bad);
            lookups.Upstream = good;
            lookups.RunUntil(() => !limit.IsProbing, 20);
            lookups.RunUntil(() => !limit.IsBelowMax && lookups.InFlight == max, 5);
        }
    }

    [Theory]
    [InlineData(0.01)]
    [InlineData(0.1)]
    public void Of_a_burst_a_few_that_hang_do_not_make_it_away(double share)
    {
        (InFlightLimit limit, SimulatedLookups lookups) = New(2_000);
        lookups.Upstream = _ => lookups.Happens(share) ? SimulatedLookups.Hang() : lookups.Answer();
        (lookups.IdsPerSecond, lookups.Waiting) = (0, 1_000);
        lookups.Run(60);
        Assert.Equal(1_000, lookups.Answered);
        Assert.Equal(TimeSpan.Zero, lookups.Away);
        Assert.False(limit.IsBelowMax);
    }

    [Theory]
    [InlineData(20)]
    [InlineData(50)]
    [InlineData(100)]
    [InlineData(800)]
    public void A_hang_is_found_soon_however_few_are_in_flight(int idsPerSecond)
    {
        (InFlightLimit limit, SimulatedLookups lookups) = New(2_000);
        (lookups.IdsPerSecond, lookups.Upstream) = (idsPerSecond, _ => lookups.Answer());
        lookups.Run(30);
        lookups.Upstream = _ => SimulatedLookups.Hang();
        lookups.RunUntil(() => limit.IsProbing, 13);
    }

    [Theory]
    [InlineData(2_000, 0.01)]
    [InlineData(2_000, 0.02)]
    [InlineData(2_000, 0.1)]
    [InlineData(15_000, 0.02)]
    public void After_a_moment_of_refusals_all_is_as_before_within_5_s(int max, double seconds)
    {
        (InFlightLimit limit, SimulatedLookups lookups) = New(max);
        lookups.Upstream = _ => lookups.Answer();
        lookups.Run(10);
        lookups.Upstream = _ => SimulatedLookups.Fail(LookupFailure.Connection);
        lookups.LoseConnections(1);
        lookups.Run(seconds);
        lookups.Upstream = _ => lookups.Answer();
        lookups.RunUntil(() => !limit.IsBelowMax && lookups.InFlight == max, 5);
    }

    [Fact]
    public void What_was_refused_under_a_light_load_is_no_bound_for_later()
    {
        const int Max = 2_000;
        (InFlightLimit limit, SimulatedLookups lookups) = New(Max);
        lookups.IdsPerSecond = 10;
        lookups.Upstream = _ => lookups.Happens(0.5) ? SimulatedLookups.Fail(LookupFailure.Throttled) : lookups.Answer();
        lookups.Run(12);
        lookups.Upstream = _ => lookups.Answer();
        lookups.Run(600);
        lookups.IdsPerSecond = double.PositiveInfinity;
        lookups.RunUntil(() => !limit.IsBelowMax && lookups.InFlight == Max, 5);
    }

    [Fact]
    public void At_a_start_with_a_backlog_a_few_lost_connections_before_the_first_answer_do_not_make_it_away()
    {
        (InFlightLimit limit, SimulatedLookups lookups) = New(15_000);
        lookups.Upstream = _ => lookups.Happens(0.003) ? SimulatedLookups.Fail(LookupFailure.Connection, 1_000) : SimulatedLookups.AnswerAfter(4);
        lookups.RunUntil(() => lookups.Answered > 10_000, 5);
        Assert.Equal(TimeSpan.Zero, lookups.Away);
        lookups.RunUntil(() => !limit.IsBelowMax, 5);
    }

    [Theory]
    [InlineData(2_000, 1, true, 3)]
    [InlineData(15_000, 1, true, 3)]
    [InlineData(15_000, 1, false, 3)]
    [InlineData(15_000, 0.99, true, 7)]
    [InlineData(15_000, 0.99, false, 7)]
    public void While_a_machine_is_busy_with_thousands_of_lost_connections_few_others_are_begun(int max, double share, bool areSeenBehindThem, double awaySeconds)
    {
        const int OthersPerSecond = 300;
        (InFlightLimit limit, SimulatedLookups lookups) = New(max);
        lookups.Upstream = _ => lookups.Answer();
        lookups.Run(10);
        TimeSpan busyUntil = lookups.Elapsed + TimeSpan.FromSeconds(2);
        lookups.Upstream = _ => SimulatedLookups.Fail(LookupFailure.Connection, areSeenBehindThem ? Math.Max(1, (busyUntil - lookups.Elapsed).TotalMilliseconds) : 100);
        lookups.Count();
        lookups.LoseConnectionsBusily(share, 2);
        double seconds = lookups.RunUntil(() => limit.IsProbing, awaySeconds).TotalSeconds;
        Assert.InRange(lookups.Failed, 1, (max * 1.15) + (OthersPerSecond * seconds));
    }

    [Theory]
    [InlineData(LookupFailure.Connection)]
    [InlineData(LookupFailure.Throttled)]
    internal void An_upstream_that_refuses_all_is_found_away_after_few_attempts(LookupFailure failure)
    {
        (InFlightLimit limit, SimulatedLookups lookups) = New(2_000);
        lookups.Upstream = _ => lookups.Answer();
        lookups.Run(10);
        GoAway(lookups, limit, _ => SimulatedLookups.Fail(failure));
        Assert.InRange(lookups.Failed, 1, 10_000);
        lookups.Count();
        lookups.Run(60);
        Assert.InRange(lookups.Failed, 590, 610);
    }

    [Theory]
    [InlineData(2_000, 0)]
    [InlineData(2_000, 4)]
    [InlineData(15_000, 0)]
    [InlineData(15_000, 4)]
    public void After_a_quick_restart_that_closes_all_connections_all_is_as_before_within_5_s(int max, double latencySeconds)
    {
        (InFlightLimit limit, SimulatedLookups lookups) = New(max);
        lookups.Upstream = _ => latencySeconds == 0 ? lookups.Answer() : SimulatedLookups.AnswerAfter(latencySeconds);
        for (int restart = 0; restart < 5; restart++)
        {
            lookups.Run(10.123);
            lookups.LoseConnections(1);
            lookups.Run(0.3);
            lookups.RunUntil(() => !limit.IsBelowMax && lookups.InFlight == max, 4.7);
        }
    }

    [Theory]
    [InlineData(0)]
    [InlineData(4)]
    public void Connections_that_are_lost_by_the_hundred_do_not_wear_it_down(double latencySeconds)
    {
        const int Max = 2_000;
        (InFlightLimit limit, SimulatedLookups lookups) = New(Max);
        lookups.Upstream = _ => latencySeconds == 0 ? lookups.Answer() : SimulatedLookups.AnswerAfter(latencySeconds);
        for (int loss = 0; loss < 12; loss++)
        {
            lookups.Run(10.123);
            Assert.Equal(Max, limit.Limit);
            lookups.LoseConnections(0.25);
        }

        Assert.Equal(TimeSpan.Zero, lookups.Away);
        Assert.InRange(lookups.LimitMin, Max * 0.75, Max);
    }

    [Fact]
    public void When_the_service_itself_stood_still_the_upstream_is_not_blamed()
    {
        const int Max = 2_000;
        (InFlightLimit limit, SimulatedLookups lookups) = New(Max);
        lookups.Upstream = _ => lookups.Answer();
        for (int stop = 0; stop < 5; stop++)
        {
            lookups.Run(10.123);
            lookups.StandStill(12);
        }

        lookups.Run(30);
        Assert.Equal(Max, lookups.LimitMin);
    }

    [Fact]
    public void An_upstream_that_is_always_slow_and_hangs_now_and_then_is_used_in_full_all_the_same()
    {
        (InFlightLimit limit, SimulatedLookups lookups) = New(2_000);
        Func<int, (LookupResult, TimeSpan)> slow = _ => SimulatedLookups.AnswerAfter(8 + (lookups.Happens(0.5) ? 0.1 : 0.9));
        for (int hang = 0; hang < 6; hang++)
        {
            lookups.Upstream = slow;
            lookups.Run(30);
            GoAway(lookups, limit, _ => SimulatedLookups.Hang());
        }

        lookups.Upstream = slow;
        lookups.RunUntil(() => !limit.IsBelowMax, 600);
    }

    [Theory]
    [InlineData(LookupFailure.Throttled, 512, 2_000)]
    [InlineData(LookupFailure.Connection, 512, 2_000)]
    [InlineData(LookupFailure.Throttled, 50, 15_000)]
    [InlineData(LookupFailure.Throttled, 5, 2_000)]
    [InlineData(LookupFailure.Throttled, 10_000, 15_000)]
    internal void An_upstream_that_refuses_what_is_too_many_at_a_time_is_given_nearly_as_many_as_it_bears(LookupFailure failure, int atOnce, int max)
    {
        (InFlightLimit limit, SimulatedLookups lookups) = New(max);
        lookups.Upstream = inFlight => inFlight >= atOnce ? SimulatedLookups.Fail(failure) : lookups.Answer();
        lookups.Run(30);
        lookups.Count();
        lookups.Run(120);
        double best = atOnce / 2.15 * 120;
        Assert.InRange(lookups.Answered, best * 0.8, best * 1.1);
        // For each answer one, and where there are few of these as many as it takes to notice, each time; a place that is refused at once could make a thousand a second.
        Assert.InRange(lookups.Failed, 0, best + 50 * 120);
        Assert.Equal(TimeSpan.Zero, lookups.Away);

        lookups.Upstream = _ => lookups.Answer();
        lookups.RunUntil(() => limit.Limit >= max, atOnce < 100 ? 15 : 5);
    }

    [Theory]
    [InlineData(0.3)]
    [InlineData(2.15)]
    public void Three_in_ten_that_are_refused_whatever_it_does_leave_it_most_of_its_rate(double latencySeconds)
    {
        const int Max = 2_000;
        (_, SimulatedLookups lookups) = New(Max);
        lookups.Upstream = _ => lookups.Happens(0.3) ? SimulatedLookups.Fail(LookupFailure.Throttled) : SimulatedLookups.AnswerAfter(latencySeconds);
        lookups.Run(120);
        Assert.Equal(TimeSpan.Zero, lookups.Away);
        Assert.InRange(lookups.Answered, Max / latencySeconds * 120 * 0.5, Max / latencySeconds * 120);
    }

    [Theory]
    [InlineData(100, 2_000)]
    [InlineData(1_000, 15_000)]
    public void An_upstream_that_divides_itself_among_all_that_it_is_asked_is_not_asked_in_vain(int answersPerSecond, int max)
    {
        const int StepMs = 10, SettledMs = 90_000, EndMs = 210_000;
        var limit = new InFlightLimit(max, AttemptTimeout);
        // How much it has done for each that is waited for; those that were given up cost it nothing more.
        var served = new LinkedList<(Instant Begun, double DoneAtStart)>();
        double done = 0;
        int answered = 0, away = 0;
        long id = 0;
        for (int milliseconds = 0; milliseconds < EndMs; milliseconds += StepMs)
        {
            Instant now = SimulatedLookups.Start + TimeSpan.FromMilliseconds(milliseconds);
            done += answersPerSecond * (StepMs / 1000.0) / Math.Max(1, served.Count);
            while (served.First?.Value is { } first && (done - first.DoneAtStart >= 1 || now - first.Begun >= AttemptTimeout))
            {
                bool isDone = done - first.DoneAtStart >= 1;
                served.RemoveFirst();
                limit.Record(++id, isDone ? Good : LookupResult.Failed(LookupFailure.Timeout), first.Begun, now);
                if (isDone && milliseconds >= SettledMs)
                    answered++;
            }

            while (limit.MayStart(served.Count, now))
            {
                served.AddLast((now, done));
                limit.Started(now);
            }

            if (milliseconds >= SettledMs && limit.IsProbing)
                away++;
        }

        Assert.Equal(0, away);
        int best = answersPerSecond * (EndMs - SettledMs) / 1_000;
        Assert.InRange(answered, best * 0.98, best * 1.05);
    }

    [Theory]
    [InlineData(500, 15_000)]
    [InlineData(1_250, 15_000)]
    [InlineData(50, 2_000)]
    [InlineData(5, 200)]
    public void An_upstream_that_is_slower_for_all_the_more_it_is_asked_is_not_asked_in_vain(int answersPerSecond, int max)
    {
        // It takes two tries at most until it knows, of half a minute each, or as long as it takes to work off all that it was given at first.
        const int SettledMs = 180_000, EndMs = 300_000;
        var limit = new InFlightLimit(max, AttemptTimeout);
        // In the order in which they came; it knows nothing of those that were given up, and works them off, too.
        var queue = new Queue<Instant>();
        int inFlight = 0, abandoned = 0, answered = 0, away = 0;
        double work = 0;
        for (int milliseconds = 0; milliseconds < EndMs; milliseconds++)
        {
            Instant now = SimulatedLookups.Start + TimeSpan.FromMilliseconds(milliseconds);
            for (work += answersPerSecond / 1000.0; work >= 1 && queue.Count > 0; work--)
            {
                Instant begun = queue.Dequeue();
                if (abandoned > 0)
                {
                    abandoned--;
                    continue;
                }

                inFlight--;
                limit.Record(queue.Count, Good, begun, now);
                if (milliseconds >= SettledMs)
                    answered++;
            }

            work = Math.Min(work, 1);
            // The oldest of those that are waited for come first, behind those that were given up.
            if (milliseconds % 100 == 0)
            {
                foreach (Instant begun in queue.Skip(abandoned).TakeWhile(begun => now - begun >= AttemptTimeout).ToArray())
                {
                    abandoned++;
                    inFlight--;
                    limit.Record(abandoned, LookupResult.Failed(LookupFailure.Timeout), begun, now);
                }
            }

            while (limit.MayStart(inFlight, now))
            {
                queue.Enqueue(now);
                inFlight++;
                limit.Started(now);
            }

            if (milliseconds >= SettledMs && limit.IsProbing)
                away++;
        }

        Assert.Equal(0, away);
        Assert.InRange(answered, answersPerSecond * 120 * 0.98, answersPerSecond * 121);
    }

    /// <summary>Lets it do that until it counts as away, and a while longer.</summary>
    static void GoAway(SimulatedLookups lookups, InFlightLimit limit, Func<int, (LookupResult, TimeSpan)> upstream)
    {
        lookups.Upstream = upstream;
        lookups.Count();
        lookups.RunUntil(() => limit.IsProbing, 60);
        TimeSpan away = lookups.Away;
        lookups.Run(15.04);
        Assert.Equal(TimeSpan.FromSeconds(15.04), lookups.Away - away);
    }

    static (InFlightLimit Limit, SimulatedLookups Lookups) New(int max)
    {
        var limit = new InFlightLimit(max, AttemptTimeout);
        return (limit, new SimulatedLookups(limit, AttemptTimeout));
    }
}

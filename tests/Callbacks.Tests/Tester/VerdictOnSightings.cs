using Callbacks.Tester.Records;
using Callbacks.Tester.Verify;

namespace Callbacks.Tests.Tester;

public sealed class VerdictOnSightings
{
    [Fact]
    public void A_sighting_stored_and_swept_in_time_is_fine()
    {
        Verdict verdict = new Told().Callback(0, 1).Lookup(1, 10, 2_000).Stored(2_010, 1, 0).Swept(30_050, 1).Judged();
        Assert.True(verdict.IsGood);
        Assert.Equal(1, verdict[SightingOutcome.Stored]);
        Assert.Equal([50_000], verdict.Lateness);
    }

    [Fact]
    public void Sightings_that_share_a_lookup_are_stored_by_the_newest()
    {
        Verdict verdict = new Told().Callback(0, 1, 1).Callback(5, 1).Lookup(1, 10, 2_000).Stored(2_010, 1, 5).Swept(30_050, 1).Judged();
        Assert.True(verdict.IsGood);
        Assert.Equal(2, verdict[SightingOutcome.Stored]);
    }

    [Fact]
    public void An_online_answer_of_which_nothing_came_is_missed()
    {
        Verdict verdict = new Told().Callback(0, 1, 3).Lookup(1, 10, 2_000).Lookup(3, 10, 900).Stored(910, 3, 0).Swept(30_050, 3).Judged();
        Assert.Equal(1, verdict.Missed);
        Assert.False(verdict.IsGood);
        Assert.Contains("callback tag-0, object 1", verdict.MissedExamples[0], StringComparison.Ordinal);
    }

    [Fact]
    public void An_answer_longer_than_a_lookup_may_take_obliges_nobody()
    {
        Told told = new Told().Callback(0, 1, 3).Lookup(3, 10, 900).Stored(910, 3, 0).Swept(30_050, 3);
        Assert.Equal(1, told.Lookup(1, 10, 13_000).Judged()[SightingOutcome.LookupsFailed]);
        Assert.Equal(1, told.Lookup(1, 13_500, 14_000).Judged().Missed);
    }

    [Fact]
    public void A_sighting_never_looked_up_while_the_upstream_answered_others_is_missed()
    {
        Verdict verdict = new Told().Callback(0, 1, 3).Lookup(3, 10, 900).Stored(910, 3, 0).Swept(30_050, 3).Judged();
        Assert.Equal(1, verdict.Missed);
        Assert.Contains("never looked up", verdict.MissedExamples[0], StringComparison.Ordinal);
    }

    [Fact]
    public void A_lookup_from_before_the_receipt_settles_nothing()
    {
        Verdict verdict = new Told().Callback(0, 2).Lookup(2, 10, 4_000, LookupOutcome.Offline).Callback(2_000, 2).Judged();
        Assert.Equal(1, verdict[SightingOutcome.Offline]);
        Assert.Equal(1, verdict.Missed);
    }

    [Fact]
    public void An_offline_answer_settles_unless_all_answers_are_kept()
    {
        Told told = new Told().Callback(0, 1).Lookup(1, 10, 2_000, LookupOutcome.Offline);
        Assert.True(told.Judged().IsGood);
        Assert.Equal(1, told.Judged(new Rules { KeepAll = true }).Missed);
    }

    [Fact]
    public void An_answer_that_the_upstream_does_not_know_it_settles() =>
        Assert.Equal(1, new Told().Callback(0, 1).Lookup(1, 10, 2_000, LookupOutcome.Unknown).Judged()[SightingOutcome.Unknown]);

    [Fact]
    public void Lookups_that_all_failed_give_the_right_to_expire()
    {
        Told Failing() => new Told().Callback(0, 1).Lookup(1, 10, 2_000, LookupOutcome.ErrorStatus).Lookup(1, 6_000, 9_000, LookupOutcome.Malformed);
        Told told = Failing().Lookup(1, 13_000, 14_000, LookupOutcome.Reset);
        Assert.Equal(1, told.Judged()[SightingOutcome.LookupsFailed]);
        Assert.Equal(1, told.Lookup(1, 20_000, 21_000).Judged().Missed);
        // It could have asked again from 19 s on.
        Assert.Equal(1, Failing().Judged().Missed);
    }

    [Fact]
    public void An_answer_to_the_first_who_named_an_id_is_owed_though_a_lookup_before_it_failed()
    {
        Told told = new Told().Callback(0, 1).Lookup(1, 10, 900, LookupOutcome.ErrorStatus).Lookup(1, 1_500, 2_500);
        Assert.Equal(1, told.Judged().Missed);
        Assert.Equal(0, told.Stored(2_510, 1, 0).Swept(30_050, 1).Judged().Missed);
    }

    [Fact]
    public void A_failure_under_way_at_the_receipt_takes_its_part_of_the_life()
    {
        Told Life(LookupOutcome underWay, double end) => new Told().Callback(-1_000, 1).Lookup(1, -900, end, underWay).Callback(0, 1).Lookup(1, 25_000, 33_000, LookupOutcome.Offline)
            .Callback(0, 3).Lookup(3, 10, 900).Stored(910, 3, 0).Swept(30_050, 3);
        Assert.Equal(2, Life(LookupOutcome.NotAnswered, 9_100).Judged()[SightingOutcome.LookupsFailed]);
        Assert.Equal(1, Life(LookupOutcome.Unknown, 2_000).Judged().Missed);
    }

    [Fact]
    public void An_answer_to_a_lookup_that_may_have_begun_before_the_receipt_obliges_nobody_when_all_others_fail()
    {
        Told Failing(Told told) => told.Lookup(1, 2_000, 2_500, LookupOutcome.ErrorStatus).Lookup(1, 12_000, 12_500, LookupOutcome.ErrorStatus);
        Told crossed = Failing(new Told().Callback(-10, 1).Callback(0, 1).Lookup(1, 60, 900).Stored(910, 1, -10));
        Assert.Equal(1, crossed.Judged()[SightingOutcome.LookupsFailed]);

        // Sent again by the client itself, when the connection broke; the first try was before the receipt.
        Told resent = Failing(new Told().Callback(-600, 1).Callback(1_000, 1).Lookup(1, -500, 1_400, LookupOutcome.Reset).Lookup(1, 1_450, 1_900).Stored(1_910, 1, -600));
        Assert.Equal(1, resent.Judged()[SightingOutcome.LookupsFailed]);

        Told sure = new Told().Callback(0, 1).Lookup(1, 4_300, 4_900).Lookup(1, 5_000, 5_500, LookupOutcome.ErrorStatus);
        Assert.Equal(1, sure.Judged().Missed);
    }

    [Fact]
    public void Giving_a_lookup_up_before_its_answer_is_no_failure_of_the_upstream()
    {
        Assert.Equal(1, new Told().Callback(0, 1).Lookup(1, 10, 2_000, LookupOutcome.NotAnswered).Judged().Missed);
        Assert.Equal(1, new Told().Callback(0, 1).Lookup(1, 10, 10_010, LookupOutcome.NotAnswered).Judged()[SightingOutcome.LookupsFailed]);
    }

    [Fact]
    public void An_outage_excuses_only_a_life_without_ten_seconds_in_a_row()
    {
        Told Life() => new Told().Callback(0, 1).Lookup(1, 10, 2_000);
        Assert.Equal(1, Life().Outage(2_001, 7_000, OutageKind.Postgres).Judged().Missed);
        Verdict verdict = Life().Outage(2_001, 11_000, OutageKind.Postgres).Outage(20_000, 29_000, OutageKind.Service).Judged();
        Assert.Equal(1, verdict[SightingOutcome.ExpiredInOutage]);
        Assert.True(verdict.IsGood);
    }

    [Fact]
    public void The_upstreams_own_mark_of_being_away_excuses()
    {
        Told Life() => new Told().Mark(-500, LookupOutcome.Listening).Callback(0, 1);
        Assert.Equal(1, Life().Mark(1_000, LookupOutcome.Away).Mark(29_000, LookupOutcome.Listening).Judged()[SightingOutcome.ExpiredInOutage]);
        Assert.Equal(1, Life().Mark(1_000, LookupOutcome.Away).Mark(9_000, LookupOutcome.Listening).Judged().Missed);
    }

    [Fact]
    public void An_answer_that_began_just_before_the_upstream_closed_its_connections_may_not_have_arrived()
    {
        Told Life() => new Told().Mark(-500, LookupOutcome.Listening).Callback(0, 1).Lookup(1, 10, 2_000);
        Assert.Equal(1, Life().Mark(2_400, LookupOutcome.Away).Mark(25_000, LookupOutcome.Listening).Judged()[SightingOutcome.LookupsFailed]);
        Assert.Equal(1, Life().Mark(3_100, LookupOutcome.Away).Mark(7_000, LookupOutcome.Listening).Judged().Missed);
    }

    [Fact]
    public void An_answer_that_began_while_the_upstream_was_closing_its_connections_may_not_have_arrived()
    {
        Told Life() => new Told().Mark(-500, LookupOutcome.Listening).Callback(0, 1).Lookup(1, 10, 2_000);
        Assert.Equal(1, Life().Mark(1_500, LookupOutcome.Away).Mark(25_000, LookupOutcome.Listening).Judged()[SightingOutcome.LookupsFailed]);
        Assert.Equal(1, Life().Mark(500, LookupOutcome.Away).Mark(1_500, LookupOutcome.Listening).Judged().Missed);
    }

    [Fact]
    public void That_nobody_asked_is_no_silence_of_the_upstream_and_failing_for_all_is()
    {
        Told told = new Told().Callback(0, 1, 3).Lookup(3, 10, 500).Stored(510, 3, 0).Swept(30_100, 3).Callback(29_000, 3).Lookup(3, 29_100, 29_900, LookupOutcome.Offline);
        Assert.Equal(1, told.Judged().Missed);
        // One failure long ago excuses neither the id that it befell nor another.
        Assert.Equal(2, told.Callback(400, 5).Lookup(5, 600, 700, LookupOutcome.Reset).Judged().Missed);
        Assert.Equal(1, told.Callback(9_400, 5).Lookup(5, 9_500, 11_000, LookupOutcome.Reset).Judged()[SightingOutcome.ExpiredInOutage]);
    }

    [Fact]
    public void Expiry_with_all_lookups_in_use_is_counted_as_overload()
    {
        var told = new Told().Callback(0, 1, 4);
        for (int start = 10; start < 30_000; start += 3_000)
            told.Lookup(4, start, start + 2_990, LookupOutcome.Offline);
        Assert.Equal(1, told.Judged(new Rules { InFlightMax = 1 })[SightingOutcome.ExpiredUnderOverload]);
        Assert.Equal(1, told.Judged(new Rules { InFlightMax = 3 }).Missed);
        Assert.Equal(1, told.Judged().Missed);
    }

    [Fact]
    public void What_is_stored_after_its_life_did_not_take_effect()
    {
        Verdict verdict = new Told().Callback(0, 1).Lookup(1, 10, 2_000).Stored(33_000, 1, 0).Swept(33_010, 1).Judged();
        Assert.Equal(1, verdict.Missed);
        Assert.Equal(1, verdict[Wrong.StoredAfterItsLife]);
    }

    [Fact]
    public void An_unanswered_callback_may_go_either_way()
    {
        Told told = new Told().Callback(0, 2).Lookup(2, 10, 500, LookupOutcome.Offline).Unanswered(1_000, PostOutcome.Closed, 1, 3);
        Assert.True(told.Judged().IsGood);
        Assert.Equal(1, told.Judged().Sightings);
    }

    [Fact]
    public void An_unanswered_callback_to_a_service_that_was_stopped_may_have_been_received_when_it_went_on()
    {
        Told Stopped() => new Told().Callback(-10, 2).Lookup(2, 0, 500).Stored(510, 2, -10)
            .Unanswered(1_000, PostOutcome.Timeout, 1).Unanswered(1_010, PostOutcome.Timeout, 1).Lookup(1, 8_010, 9_000).Stored(9_010, 1, 8_005);
        Assert.Equal(1, Stopped().Judged()[Wrong.LastSeenIsNoReceiveTime]);
        Assert.Equal(0, Stopped().Outage(900, 8_000, OutageKind.Service).Judged()[Wrong.LastSeenIsNoReceiveTime]);
        // Stopped after its sender had given up, and read some time after it went on.
        Assert.Equal(0, Stopped().Outage(2_500, 6_500, OutageKind.Service).Judged()[Wrong.LastSeenIsNoReceiveTime]);
    }

    [Theory]
    [InlineData(4_900, 0)]
    [InlineData(6_100, 1)]
    public void What_a_sender_left_in_the_socket_may_be_read_some_seconds_after_it_gave_up(double receivedMs, int wrong) =>
        Assert.Equal(wrong, new Told().Callback(0, 2).Lookup(2, 10, 500).Stored(510, 2, 0)
            .Unanswered(1_000, PostOutcome.Timeout, 1).Unanswered(1_010, PostOutcome.Timeout, 1)
            .Lookup(1, receivedMs + 10, 7_000).Stored(7_010, 1, receivedMs).Judged()[Wrong.LastSeenIsNoReceiveTime]);

    [Fact]
    public void Of_two_unanswered_callbacks_the_one_that_names_all_that_was_stored_at_its_time_counts()
    {
        Told told = new Told().Unanswered(1_000, PostOutcome.Timeout, 1, 3, 4).Unanswered(1_000, PostOutcome.Timeout, 3, 1).Unanswered(1_000, PostOutcome.Timeout, 4)
            .Lookup(1, 1_100, 2_000).Lookup(4, 1_100, 2_000).Stored(2_010, 1, 1_050).Stored(2_010, 4, 1_050).Swept(31_060, 1).Swept(31_060, 4);
        Verdict verdict = told.Judged();
        Assert.Equal(1, verdict.Promoted);
        Assert.Equal(2, verdict[SightingOutcome.Stored]);
        Assert.Equal(1, verdict.Missed);
        Assert.Equal(0, verdict.WrongTotal);
    }

    [Fact]
    public void An_unanswered_callback_counts_whole()
    {
        Verdict verdict = new Told().Unanswered(1_000, PostOutcome.Timeout, 1, 3).Lookup(1, 1_100, 2_000).Stored(2_010, 1, 1_050).Swept(31_100, 1).Judged();
        Assert.Equal(1, verdict.Promoted);
        Assert.Equal(1, verdict[SightingOutcome.Stored]);
        Assert.Equal(1, verdict.Missed);
        Assert.Equal(0, verdict.WrongTotal);
    }

    [Fact]
    public void Too_young_sightings_are_not_judged_and_too_many_of_them_make_no_verdict()
    {
        Verdict verdict = new Told().Callback(0, 1).Lookup(1, 10, 2_000).Stored(2_010, 1, 0).Callback(5_000, 3).Judged(readMs: 20_000);
        Assert.Equal(1, verdict[SightingOutcome.TooYoung]);
        Assert.Equal(0, verdict.Missed);
        Assert.False(verdict.IsGood);
    }

    [Fact]
    public void Without_an_audit_the_table_judges_what_it_can()
    {
        Told told = new Told().Callback(0, 1).Lookup(1, 10, 2_000).Stored(2_010, 1, 0);
        Assert.True(told.Judged(audit: false, readMs: 20_000).IsGood);
        Verdict later = new Told().Callback(0, 1).Lookup(1, 10, 2_000).Judged(audit: false);
        Assert.Equal(1, later[SightingOutcome.NotAudited]);
        Assert.False(later.IsGood);
    }

    [Fact]
    public void A_retention_that_is_shorter_than_an_outage_s_excuse_excuses_no_life_without_one()
    {
        var rules = new Rules { Retention = 5 * Moment.PerSecond };
        Assert.True(rules.Able > rules.Retention);
        Verdict verdict = Swept().Judged(rules);
        Assert.Equal(1, verdict.Missed);
        Assert.False(verdict.IsGood);
        Assert.Equal(1, Swept().Outage(500, 4_500, OutageKind.Postgres).Judged(rules)[SightingOutcome.ExpiredInOutage]);

        static Told Swept() => new Told().Callback(0, 1, 3).Lookup(3, 10, 900).Stored(910, 3, 0).Swept(5_050, 3);
    }

    [Fact]
    public void An_empty_ledger_is_no_good_verdict() => Assert.False(new Told().Judged().IsGood);

    [Fact]
    public void A_sighting_passed_over_for_a_later_offline_answer_is_counted_and_strictly_wrong()
    {
        Told told = new Told().Callback(0, 1).Lookup(1, 400, 2_000).Lookup(1, 5_000, 6_000, LookupOutcome.Offline);
        Assert.Equal(1, told.Judged().PassedOver);
        Assert.True(told.Judged().IsGood);
        Assert.Equal(1, told.Judged(new Rules { Strict = true })[Wrong.PassedOver]);
        Assert.Equal(0, told.Outage(2_100, 3_000, OutageKind.Service).Judged().PassedOver);
    }
}

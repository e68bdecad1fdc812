using Callbacks.Tester.Records;
using Callbacks.Tester.Verify;

namespace Callbacks.Tests.Tester;

public sealed class VerdictOnRows
{
    static void Only(Wrong wrong, Verdict verdict)
    {
        Assert.False(verdict.IsGood);
        Assert.Equal(1, verdict[wrong]);
        Assert.Equal(1, verdict.WrongTotal);
        Assert.Single(verdict.Examples(wrong));
    }

    static Told Seen() => new Told().Callback(0, 1).Lookup(1, 10, 2_000);

    [Fact]
    public void The_time_of_the_lookup_is_no_last_seen() =>
        Only(Wrong.LastSeenIsNoReceiveTime, Seen().Stored(2_010, 1, 10).Swept(30_050, 1).Judged());

    [Fact]
    public void The_receive_time_of_a_callback_that_does_not_name_the_id_is_no_last_seen() =>
        Only(Wrong.LastSeenIsNoReceiveTime, Seen().Callback(5, 2).Lookup(2, 9, 20, LookupOutcome.Offline).Stored(2_010, 1, 5).Swept(30_050, 1).Judged());

    [Fact]
    public void A_refused_callback_leaves_no_row() =>
        Only(Wrong.LastSeenIsNoReceiveTime, Seen().Answered(5, 400, 1).Stored(2_010, 1, 6).Swept(30_050, 1).Judged());

    [Fact]
    public void An_unanswered_callback_has_one_receive_time() => Only(
        Wrong.LastSeenIsNoReceiveTime,
        new Told().Unanswered(0, PostOutcome.Closed, 1, 3).Lookup(1, 110, 200).Lookup(3, 110, 200)
            .Stored(210, 1, 100).Stored(210, 3, 105).Swept(30_150, 1).Swept(30_150, 3).Judged());

    [Fact]
    public void An_older_time_over_a_newer_one_is_wrong() => Only(
        Wrong.OlderOverNewer,
        Seen().Callback(2_500, 1).Lookup(1, 2_600, 3_000).Stored(3_010, 1, 2_500).Stored(3_020, 1, 0).Swept(32_550, 1).Judged());

    [Fact]
    public void A_row_swept_before_its_retention_is_early() =>
        Only(Wrong.SweptEarly, Seen().Stored(2_010, 1, 0).Swept(29_900, 1).Judged());

    [Fact]
    public void A_row_swept_long_after_its_retention_is_late() =>
        Only(Wrong.SweptLate, Seen().Stored(2_010, 1, 0).Swept(30_260, 1).Judged());

    [Fact]
    public void A_row_may_wait_for_a_lookup_that_took_seconds_to_the_upstream_and_for_the_next_and_no_longer()
    {
        // Begun before the second callback, say, it reached the upstream 3 s after it: the next lookup settles it.
        Told Waiting(double lookupMs) => Seen().Stored(2_010, 1, 0).Callback(29_000, 1).Lookup(1, lookupMs, lookupMs + 300, LookupOutcome.Offline)
            .Lookup(1, lookupMs + 400, lookupMs + 4_600, LookupOutcome.Offline);
        for (int others = 0; others < 2; others++)
            Assert.Equal(others == 0 ? 1 : 0, WithOthers(Waiting(32_000).Swept(39_800, 1), others * 200).Judged()[Wrong.SweptLate]);
        Only(Wrong.SweptLate, WithOthers(Waiting(34_000).Swept(41_000, 1), 200).Judged());
    }

    [Fact]
    public void A_row_may_wait_for_a_sighting_that_is_asked_for_anew_after_a_kill()
    {
        Told Killed() => Seen().Stored(2_010, 1, 0).Callback(20_000, 1).Lookup(1, 20_500, 22_000, LookupOutcome.Offline).Outage(25_000, 26_000, OutageKind.Service);
        Assert.True(Killed().Swept(45_000, 1).Judged().IsGood);
        Only(Wrong.SweptLate, Killed().Swept(57_000, 1).Judged());
    }

    static Told WithOthers(Told told, int count)
    {
        for (long id = 1_000; id < 1_000 + count; id++)
            told.Callback(id, id).Lookup(id, id + 10, 3_000).Stored(3_010, id, id).Swept(30_050 + id, id);
        return told;
    }

    [Fact]
    public void A_row_that_was_due_when_the_machine_stood_still_may_be_late_for_some_seconds_and_nothing_else_is_excused()
    {
        Told Due() => Seen().Stored(2_010, 1, 0).Outage(29_500, 30_200, OutageKind.Machine);
        Assert.True(Due().Swept(30_900, 1).Judged().IsGood);
        Only(Wrong.SweptLate, Due().Swept(36_000, 1).Judged());
        Only(Wrong.SweptEarly, Due().Swept(29_900, 1).Judged());
        Only(Wrong.SweptLate, Seen().Stored(2_010, 1, 0).Outage(28_000, 29_700, OutageKind.Machine).Swept(30_900, 1).Judged());
        Assert.Equal(1, new Told().Callback(0, 1).Outage(10, 29_000, OutageKind.Machine).Judged().Missed);
    }

    [Fact]
    public void A_row_that_was_never_swept_is_late() => Only(Wrong.SweptLate, Seen().Stored(2_010, 1, 0).Judged());

    [Fact]
    public void A_row_overdue_when_it_is_stored_again_is_late() => Only(
        Wrong.SweptLate,
        Seen().Stored(2_010, 1, 0).Callback(31_000, 1).Lookup(1, 31_010, 32_000).Stored(32_010, 1, 31_000).Swept(61_050, 1).Judged());

    [Fact]
    public void One_late_row_in_a_hundred_keeps_the_promise()
    {
        var told = new Told();
        for (long id = 0; id < 200; id++)
            told.Callback(id, id).Lookup(id, id + 10, 2_000).Stored(2_010, id, id).Swept(id < 2 ? 30_400 + id : 30_100 + id, id);
        Assert.True(told.Judged().IsGood);
        Assert.Equal(3, told.Callback(300, 300).Lookup(300, 310, 2_000).Stored(2_010, 300, 300).Swept(30_700, 300).Judged()[Wrong.SweptLate]);
    }

    [Fact]
    public void A_pending_callback_covers_the_row_until_it_settles()
    {
        Told Pending() => Seen().Stored(2_010, 1, 0).Callback(28_000, 1).Lookup(1, 28_300, 32_000, LookupOutcome.Offline);
        Assert.True(Pending().Swept(32_100, 1).Judged().IsGood);
        Only(Wrong.SweptWhilePending, Pending().Swept(30_100, 1).Judged());
        Only(Wrong.SweptLate, Pending().Swept(33_300, 1).Judged());
    }

    [Fact]
    public void Under_overload_an_answer_may_be_forgotten_and_the_callback_cover_the_row_to_its_end()
    {
        Told told = Seen().Stored(2_010, 1, 0).Callback(28_000, 1, 4).Lookup(1, 28_300, 32_000, LookupOutcome.Offline);
        for (int start = 28_000; start < 58_000; start += 3_000)
            told.Lookup(4, start, start + 2_990, LookupOutcome.Offline);
        told.Swept(58_050, 1);
        Assert.True(told.Judged(new Rules { InFlightMax = 1 }).IsGood);
        Only(Wrong.SweptLate, told.Judged());
    }

    [Fact]
    public void A_callback_after_the_last_cover_does_not_save_the_row() => Only(
        Wrong.SweptLate,
        Seen().Stored(2_010, 1, 0).Callback(30_100, 1).Lookup(1, 30_110, 31_000, LookupOutcome.Offline).Swept(31_050, 1).Judged());

    [Fact]
    public void A_row_may_stay_while_the_service_is_away_and_five_seconds_more()
    {
        Told Stays() => Seen().Stored(2_010, 1, 0).Outage(29_000, 33_000, OutageKind.Service);
        Assert.True(Stays().Swept(34_000, 1).Judged().IsGood);
        Only(Wrong.SweptEarly, Stays().Swept(29_500, 1).Judged());
    }

    [Fact]
    public void A_row_that_stays_when_nothing_has_been_the_matter_for_long_is_late_whatever_was_before_or_after() => Only(
        Wrong.SweptLate,
        Seen().Stored(2_010, 1, 0).Outage(29_000, 31_000, OutageKind.Service).Outage(60_000, 61_000, OutageKind.Postgres).Swept(62_000, 1).Judged());

    [Fact]
    public void A_row_that_is_swept_while_an_online_answer_waits_to_be_stored_is_wrong()
    {
        Told Waiting() => Seen().Stored(2_010, 1, 0).Callback(27_000, 1).Lookup(1, 27_100, 29_000);
        Only(Wrong.SweptWhilePending, Waiting().Swept(30_100, 1).Stored(31_000, 1, 27_000).Swept(57_050, 1).Judged());
        Assert.True(Waiting().Stored(31_000, 1, 27_000).Swept(57_050, 1).Judged().IsGood);
    }

    [Fact]
    public void An_offline_object_is_stored_only_where_all_are_kept()
    {
        Told told = new Told().Callback(0, 1).Lookup(1, 10, 2_000, LookupOutcome.Offline).Stored(2_010, 1, 0, online: false).Swept(30_050, 1);
        Only(Wrong.OnlineIsNotTheAnswer, told.Judged());
        Assert.True(told.Judged(new Rules { KeepAll = true }).IsGood);
    }

    [Fact]
    public void A_callback_that_may_have_counted_covers_a_row_until_it_is_surely_settled()
    {
        Told May() => Seen().Stored(2_010, 1, 0).Unanswered(28_000, PostOutcome.Closed, 1);
        Assert.True(May().Swept(61_000, 1).Judged().IsGood);
        Assert.True(May().Lookup(1, 33_500, 35_000, LookupOutcome.Offline).Swept(35_900, 1).Judged().IsGood);
        Only(Wrong.SweptLate, May().Lookup(1, 33_500, 35_000, LookupOutcome.Offline).Swept(37_000, 1).Judged());
    }

    [Fact]
    public void A_lookup_begun_before_the_receipt_does_not_tell() => Only(
        Wrong.LookupBeforeReceipt,
        Seen().Callback(1_000, 1).Stored(2_010, 1, 1_000).Lookup(1, 3_000, 4_000, LookupOutcome.Offline).Swept(31_050, 1).Judged());

    [Fact]
    public void A_flag_that_no_answer_gave_is_wrong() => Only(
        Wrong.OnlineIsNotTheAnswer,
        new Told().Callback(0, 1).Lookup(1, 10, 2_000, LookupOutcome.Offline).Stored(2_010, 1, 0).Swept(30_050, 1).Judged());

    [Fact]
    public void A_row_stored_before_its_answer_came_is_wrong() =>
        Only(Wrong.OnlineIsNotTheAnswer, Seen().Stored(1_900, 1, 0).Swept(30_050, 1).Judged());

    [Fact]
    public void A_row_that_was_never_sent_is_named()
    {
        Verdict verdict = Seen().Stored(2_010, 1, 0).Swept(30_050, 1).Row(99, 80_000).Judged();
        Assert.Equal(1, verdict[Wrong.NeverSent]);
        Assert.Contains("object 99", verdict.Examples(Wrong.NeverSent)[0], StringComparison.Ordinal);
    }

    [Fact]
    public void A_lookup_that_nobody_asked_for_is_named()
    {
        Only(Wrong.NeverSent, Seen().Stored(2_010, 1, 0).Swept(30_050, 1).Lookup(99, 50, 60).Judged());
        Only(Wrong.NeverSent, Seen().Stored(2_010, 1, 0).Swept(30_050, 1).Answered(40, 422, 99).Lookup(99, 50, 60).Judged());
        Only(Wrong.NeverSent, Seen().Stored(2_010, 1, 0).Swept(30_050, 1).Lookup(1, -500, -400, LookupOutcome.Offline).Judged());
    }

    [Fact]
    public void A_table_that_the_changes_do_not_lead_to_is_wrong() =>
        Only(Wrong.TableAndAuditDisagree, Seen().Callback(75_000, 1).Lookup(1, 75_010, 76_000).Stored(2_010, 1, 0).Swept(30_050, 1)
            .Stored(76_010, 1, 75_000).Callback(77_000, 1).Lookup(1, 77_010, 78_000).Row(1, 77_000).Judged(new Rules { JudgedMin = 0 }));

    [Fact]
    public void An_acknowledgement_needs_an_id_of_its_own_and_a_receive_time_within_the_post()
    {
        Told Settled() => Seen().Stored(2_010, 1, 0).Swept(30_050, 1);
        PostRecord second = new(Told.At(50), Told.At(60), PostOutcome.Answered, 202, Told.At(55), "tag-0", [2]);
        Only(Wrong.BadAcknowledgement, Settled().Post(second).Lookup(2, 70, 80, LookupOutcome.Offline).Judged());
        Only(Wrong.BadAcknowledgement, Settled().Post(second with { CallbackId = "b", ReceivedAt = Told.At(5_000) })
            .Lookup(2, 5_070, 5_080, LookupOutcome.Offline).Judged());
    }
}

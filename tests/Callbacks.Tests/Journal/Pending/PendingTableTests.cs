using System.Security.Cryptography;
using Callbacks.Journal;
using Callbacks.Journal.Log;
using Callbacks.Journal.Pending;
using Callbacks.Time;

namespace Callbacks.Tests.Journal.Pending;

/// <summary>G2 to G5 and G7 where they are decided.</summary>
public sealed class PendingTableTests
{
    static readonly TimeSpan Retention = TimeSpan.FromSeconds(30);
    static readonly Instant Start = Instant.From(new DateTimeOffset(2026, 1, 1, 0, 0, 0, TimeSpan.Zero));

    readonly PendingTable _table = new(Retention, 1000, keepAll: false, new Random(1));
    readonly long[] _expired = new long[Enum.GetValues<LookupFailure>().Length];

    [Theory]
    [InlineData(1000, false, true)]
    [InlineData(1000, true, true)]
    [InlineData(4, false, false)]
    [InlineData(4, true, false)]
    public void Whatever_happens_outcomes_follow_from_what_was_answered_and_committed(int idsMax, bool keepAll, bool fits)
    {
        int seed = RandomNumberGenerator.GetInt32(1 << 30);
        for (int schedule = 0; schedule < 1000; schedule++)
            new PendingWorld(idsMax, keepAll, seed + schedule).Run(steps: 250, ids: 8, fits);
    }

    [Fact]
    public void A_sighting_settles_by_a_lookup_that_started_after_its_callback_was_received()
    {
        Arrive(At(0), 7);
        Callbacks.Journal.Pending.Lookup first = StartOne(At(1));
        Arrive(At(2), 7);
        Assert.False(_table.TryStart(At(2), out _));
        _table.Answered(first, LookupAnswer.Offline, At(3));
        Assert.True(Again(At(0), At(3), 7));
        Assert.False(Again(At(2), At(3), 7));
        _table.Answered(StartOne(At(3)), LookupAnswer.Offline, At(3));
        Assert.True(Again(At(2), At(4), 7));
    }

    [Fact]
    public void All_sightings_that_wait_share_the_next_lookup()
    {
        Arrive(At(0), 7);
        Callbacks.Journal.Pending.Lookup first = StartOne(At(1));
        for (int second = 2; second < 6; second++)
            Arrive(At(second), 7);
        _table.Answered(first, LookupAnswer.Online, At(6));
        _table.Answered(StartOne(At(6)), LookupAnswer.Online, At(6));
        Assert.False(_table.TryStart(At(7), out _));
        Assert.Equal([(7L, true, At(5))], Store(At(7)));
        for (int second = 0; second < 6; second++)
            Assert.True(Again(At(second), At(8), 7));
    }

    [Fact]
    public void A_sighting_is_not_stored_before_the_commit()
    {
        Arrive(At(0), 7);
        _table.Answered(StartOne(At(1)), LookupAnswer.Online, At(1));
        Assert.False(Again(At(0), At(2), 7));
        _table.TakeAnswers(At(2), 10, (_, _, _) => { });
        Assert.False(Again(At(0), At(2), 7));
        _table.AnswersReturned();
        Assert.False(Again(At(0), At(2), 7));
        Assert.Single(Store(At(3)));
        Assert.True(Again(At(0), At(3), 7));
    }

    [Fact]
    public void Suspects_are_handed_out_apart_from_the_others_and_expire_as_they_do()
    {
        Arrive(At(0), 7, 8);
        _table.Answered(StartOne(At(1)), LookupAnswer.Online, At(1));
        _table.TakeAnswers(At(2), 10, (_, _, _) => { });
        _table.AnswersReturned(asSuspects: true);
        _table.Answered(StartOne(At(2)), LookupAnswer.Online, At(2));
        Assert.Equal([8L], Store(At(3)).Select(row => row.Id));
        Assert.False(Again(At(0), At(3), 7));

        // An answer that comes meanwhile leaves it where it is.
        Arrive(At(4), 7);
        _table.Answered(StartOne(At(5)), LookupAnswer.Online, At(5));
        Assert.Empty(Store(At(6)));
        Assert.Equal([(7L, true, At(4))], Store(At(6), suspects: true));
        Assert.True(Again(At(4), At(6), 7));

        Arrive(At(10), 9);
        _table.Answered(StartOne(At(11)), LookupAnswer.Online, At(11));
        _table.TakeAnswers(At(12), 10, (_, _, _) => { });
        _table.AnswersReturned(asSuspects: true);
        Assert.Empty(Store(At(40), suspects: true));
        Assert.True(Visit(At(10), VisitKind.Last, At(40), 9));
        Assert.Equal(1, _expired.Sum());
    }

    [Fact]
    public void No_statement_is_sent_for_a_sighting_whose_retention_has_passed()
    {
        Arrive(At(0), 7);
        _table.Answered(StartOne(At(1)), LookupAnswer.Online, At(1));
        Assert.Empty(Store(At(30)));
        Assert.True(Visit(At(0), VisitKind.Last, At(30), 7));
    }

    [Fact]
    public void What_was_online_and_could_not_be_stored_in_time_expires_though_a_later_answer_is_offline()
    {
        Arrive(At(0), 7);
        _table.Answered(StartOne(At(1)), LookupAnswer.Online, At(1));
        Arrive(At(5), 7);
        _table.Answered(StartOne(At(6)), LookupAnswer.Offline, At(6));
        Assert.Empty(Store(At(30)));
        Assert.True(Again(At(5), At(30), 7));
        Assert.False(Again(At(0), At(30), 7));
        Assert.True(Visit(At(0), VisitKind.Last, At(30), 7));
        Assert.Equal(1, _expired.Sum());
    }

    [Fact]
    public void A_batch_under_way_decides_about_sightings_that_expire_meanwhile()
    {
        Arrive(At(0), 7);
        _table.Answered(StartOne(At(1)), LookupAnswer.Online, At(1));
        _table.TakeAnswers(At(29), 10, (_, _, _) => { });
        Assert.False(Visit(At(0), VisitKind.Last, At(30), 7));
        _table.AnswersStored();
        Assert.True(Visit(At(0), VisitKind.Last, At(31), 7));
        Assert.Equal(0, _expired.Sum());
    }

    [Fact]
    public void An_expired_sighting_keeps_the_last_failure_as_its_reason()
    {
        Arrive(At(0), 7);
        _table.Failed(StartOne(At(1)), LookupFailure.Status, At(40), At(1));
        Assert.True(Visit(At(0), VisitKind.Last, At(30), 7));
        Assert.Equal(1, _expired[(int)LookupFailure.Status]);
    }

    [Fact]
    public void A_failed_lookup_is_tried_again_when_its_time_has_come_and_not_before()
    {
        Arrive(At(0), 7);
        _table.Failed(StartOne(At(1)), LookupFailure.Timeout, At(3), At(1));
        Assert.False(_table.TryStart(At(2), out _));
        Assert.Equal(1, StartOne(At(3) + TimeSpan.FromMilliseconds(40)).Attempts);
    }

    [Fact]
    public void After_a_pause_what_is_overdue_is_tried_again_at_once_whatever_fails_first()
    {
        Arrive(At(0), 7, 8);
        Callbacks.Journal.Pending.Lookup first = StartOne(At(0.1)), second = StartOne(At(0.1));
        _table.Failed(first, LookupFailure.Timeout, At(0.5), At(0.2));
        _table.Failed(second, LookupFailure.Timeout, At(18), At(15));
        Assert.Equal(first.Id, StartOne(At(15)).Id);
    }

    [Fact]
    public void A_callback_received_after_the_moment_does_not_save_a_row()
    {
        Arrive(At(5), 7);
        Assert.True(IsCovered(7, since: At(0), receivedBy: At(6)));
        Assert.False(IsCovered(7, since: At(0), receivedBy: At(4)));
        Arrive(At(6), 7);
        Assert.False(IsCovered(7, since: At(0), receivedBy: At(4)));
        Assert.False(IsCovered(7, since: At(6), receivedBy: Instant.MaxValue));
    }

    [Fact]
    public void A_row_stays_as_long_as_one_pending_sighting_follows_another()
    {
        Arrive(At(5), 7);
        Arrive(At(34), 7);
        Assert.True(IsCovered(7, since: At(34.5 - 30), receivedBy: At(30)));
        Assert.True(IsCovered(7, since: At(36 - 30), receivedBy: At(30)));
        // To the microsecond: named as the one before runs out.
        Arrive(At(64), 7);
        Assert.True(IsCovered(7, since: At(64.1 - 30), receivedBy: At(30)));
        Assert.False(IsCovered(7, since: At(94 - 30), receivedBy: At(30)));
    }

    [Fact]
    public void A_row_goes_when_nothing_covered_it_for_a_moment_though_its_id_is_named_again()
    {
        Arrive(At(5), 7);
        Arrive(At(35.01), 7);
        Assert.False(IsCovered(7, since: At(35.1 - 30), receivedBy: At(30)));
        Arrive(At(40), 7);
        Assert.False(IsCovered(7, since: At(66 - 30), receivedBy: At(30)));
        // A row that was last seen then is another matter.
        Assert.True(IsCovered(7, since: At(66 - 30), receivedBy: At(65.5)));
    }

    [Fact]
    public void A_row_stays_when_the_sighting_that_covered_it_is_answered_while_the_next_one_is_pending()
    {
        Arrive(At(28), 7);
        Callbacks.Journal.Pending.Lookup first = StartOne(At(28));
        Arrive(At(31), 7);
        _table.Answered(first, LookupAnswer.Offline, At(32));
        StartOne(At(32));
        Assert.True(Again(At(28), At(33), 7));
        Assert.True(IsCovered(7, since: At(34 - 30), receivedBy: At(30)));
        Assert.False(IsCovered(7, since: At(34 - 30), receivedBy: At(27)));
    }

    [Fact]
    public void A_row_goes_though_its_id_is_named_again_after_what_covered_it_was_answered()
    {
        Arrive(At(28), 7);
        _table.Answered(StartOne(At(28)), LookupAnswer.Offline, At(28));
        Arrive(At(31), 7);
        Assert.False(IsCovered(7, since: At(34 - 30), receivedBy: At(30)));
    }

    [Fact]
    public void A_row_stays_when_its_id_is_named_before_the_answer_and_that_is_read_after_it()
    {
        Arrive(At(28), 7);
        _table.Answered(StartOne(At(28)), LookupAnswer.Offline, At(32));
        Assert.True(IsCovered(7, since: At(31.9 - 30), receivedBy: At(30)));
        Assert.False(IsCovered(7, since: At(32 - 30), receivedBy: At(30)));
        Visit(At(31.95), VisitKind.Arrival, At(32.1), 7);
        Assert.True(IsCovered(7, since: At(32.1 - 30), receivedBy: At(30)));
    }

    [Fact]
    public void A_row_goes_though_its_id_is_named_again_after_what_covered_it_was_stored()
    {
        Arrive(At(28), 7);
        _table.Answered(StartOne(At(28)), LookupAnswer.Online, At(28));
        Assert.True(IsCovered(7, since: At(34 - 30), receivedBy: At(30)));
        Store(At(29));
        Arrive(At(31), 7);
        Assert.False(IsCovered(7, since: At(34 - 30), receivedBy: At(30)));
    }

    [Fact]
    public void What_an_earlier_life_left_may_have_been_pending_for_longer_than_is_known()
    {
        Arrive(At(36), 7);
        Assert.False(IsCovered(7, since: At(36.1 - 30), receivedBy: At(30)));
        Visit(At(8), VisitKind.Backlog, At(37), 7);
        Assert.True(IsCovered(7, since: At(37 - 30), receivedBy: At(7.5)));
        Visit(At(20), VisitKind.Backlog, At(37), 8);
        Assert.True(IsCovered(8, since: At(37 - 30), receivedBy: At(7.5)));
    }

    [Fact]
    public void Answers_that_outlive_their_retention_while_the_store_is_away_make_room()
    {
        var table = new PendingTable(Retention, 2, keepAll: false, new Random(1));
        Span<long> expired = stackalloc long[_expired.Length];
        table.Visit(new CallbackFrame(1, At(0), [1, 2]), VisitKind.Arrival, At(0), out _, expired);
        while (table.TryStart(At(1), out Callbacks.Journal.Pending.Lookup lookup))
            table.Answered(lookup, LookupAnswer.Online, At(1));
        table.Release(At(29), At(29));
        Assert.Equal(2, table.Status(At(29)).Ids);
        // The one in front is younger meanwhile.
        table.Visit(new CallbackFrame(2, At(20), [1]), VisitKind.Arrival, At(20), out _, expired);
        Assert.True(table.TryStart(At(20), out Callbacks.Journal.Pending.Lookup again));
        table.Answered(again, LookupAnswer.Online, At(21));
        table.Release(At(30), At(30));
        Assert.Equal(1, table.Status(At(30)).Ids);
        table.Release(At(50), At(50));
        Assert.Equal(0, table.Status(At(50)).Ids);
    }

    [Fact]
    public void An_answer_that_changes_nothing_ends_the_cover()
    {
        Arrive(At(0), 7);
        Callbacks.Journal.Pending.Lookup lookup = StartOne(At(1));
        Assert.True(IsCovered(7, since: At(-1), receivedBy: Instant.MaxValue));
        _table.Answered(lookup, LookupAnswer.Offline, At(1));
        Assert.False(IsCovered(7, since: At(-1), receivedBy: Instant.MaxValue));
    }

    [Fact]
    public void Ids_that_all_pending_callbacks_are_done_with_are_forgotten()
    {
        Arrive(At(0), 1, 2, 3);
        for (int i = 0; i < 3; i++)
            _table.Answered(StartOne(At(1)), LookupAnswer.Offline, At(1));
        _table.Release(At(0), At(2));
        Assert.Equal(3, _table.Status(At(2)).Ids);
        _table.Release(At(1.1), At(2));
        Assert.Equal(0, _table.Status(At(2)).Ids);
    }

    [Fact]
    public void Normally_the_longest_wait_is_next()
    {
        for (int id = 1; id <= 5; id++)
            Arrive(At(id), id);
        Arrive(At(6), 1);
        Assert.Equal([1, 2, 3, 4, 5], StartAll(At(7)));
    }

    [Fact]
    public void Under_overload_what_was_just_named_is_next_and_then_the_newest()
    {
        for (int id = 1; id <= 5; id++)
            Arrive(At(id), id);
        Arrive(At(19.5), 2);
        Arrive(At(19.6), 6);
        // 2 has waited longest of those named within the last second; the rest go newest first.
        Assert.Equal([2, 6, 5, 4, 3, 1], StartAll(At(20)));
    }

    [Fact]
    public void Overload_starts_at_half_the_retention_and_ends_below_a_quarter()
    {
        Arrive(At(0), 1);
        Assert.False(_table.Status(At(14.5)).IsOverloaded);
        Assert.True(_table.Status(At(15.5)).IsOverloaded);
        Arrive(At(12), 2);
        StartOne(At(16));
        StartOne(At(16));
        Arrive(At(16), 3);
        Assert.False(_table.Status(At(17)).IsOverloaded);
    }

    /// <summary>However long the window is that a flood of distinct ids fills: what had to leave it may be the only sign.</summary>
    [Theory]
    [InlineData(2)]
    [InlineData(5)]
    [InlineData(8)]
    [InlineData(10)]
    [InlineData(14)]
    [InlineData(20)]
    [InlineData(40)]
    public void Under_a_flood_lookups_are_of_what_was_just_named(int windowSeconds)
    {
        const int PerSecond = 10;
        int arrivals = 1000 / windowSeconds / PerSecond;
        for (int step = 0; step < 60 * PerSecond; step++)
        {
            Instant now = At(step / (double)PerSecond);
            Arrive(now, [.. Enumerable.Range(step * arrivals, arrivals).Select(id => (long)id)]);
            if (step % PerSecond != 0)
                continue;
            double age = (step - AnswerOne(now) / arrivals) / (double)PerSecond;
            Assert.True(step < 25 * PerSecond || age <= 2, $"At {step / PerSecond} s a lookup is of what was named {age} s ago.");
        }
    }

    [Fact]
    public void What_an_outage_left_is_no_overload_while_lookups_are_answered_fast_enough()
    {
        for (int id = 1; id <= 30; id++)
            Arrive(At(id / 10.0), id);
        Assert.True(_table.Status(At(16)).IsOverloaded);
        // Named a moment ago, so it goes first, and the others are set aside.
        Arrive(At(16), 30);
        Assert.Equal(30, AnswerOne(At(16)));
        for (int answered = 1; answered < 4; answered++)
            AnswerOne(At(16.1));
        Assert.False(_table.Status(At(16.2)).IsOverloaded);
        Assert.Equal([1, 2, 3, 4, 5], StartAll(At(16.3))[..5]);
    }

    [Fact]
    public void What_does_not_fit_waits_on_disk_and_enters_when_there_is_room()
    {
        var table = new PendingTable(Retention, 100, keepAll: false, new Random(1));
        long[] first = [.. Enumerable.Range(0, 100).Select(id => (long)id)];
        long[] second = [.. Enumerable.Range(100, 50).Select(id => (long)id)];
        Span<long> expired = stackalloc long[_expired.Length];
        table.Visit(new CallbackFrame(1, At(0), first), VisitKind.Arrival, At(0), out _, expired);
        table.Visit(new CallbackFrame(2, At(0.1), second), VisitKind.Arrival, At(0.1), out _, expired);
        Assert.Equal(100, table.Status(At(0.1)).Ids);
        Assert.Equal(At(0.1), table.UnfitUpTo);
        while (table.TryStart(At(0.2), out Callbacks.Journal.Pending.Lookup lookup))
            table.Answered(lookup, LookupAnswer.Offline, At(0.2));
        Assert.True(table.Visit(new CallbackFrame(1, At(0), first), VisitKind.Again, At(1), out _, expired));
        table.Release(At(0.3), At(1));
        Assert.False(table.Visit(new CallbackFrame(2, At(0.1), second), VisitKind.Again, At(1), out _, expired));
        Assert.Equal(50, table.Status(At(1)).Waiting);
    }

    [Fact]
    public void A_full_window_of_answers_lets_as_many_in_at_a_visit_as_it_can_spare()
    {
        var table = new PendingTable(Retention, 100, keepAll: false, new Random(1));
        long[] first = [.. Enumerable.Range(0, 100).Select(id => (long)id)];
        long[] second = [.. Enumerable.Range(100, 50).Select(id => (long)id)];
        Span<long> expired = stackalloc long[_expired.Length];
        table.Visit(new CallbackFrame(1, At(0), first), VisitKind.Arrival, At(0), out _, expired);
        // One that fails keeps the first callback, and with it all its answers.
        while (table.TryStart(At(1), out Callbacks.Journal.Pending.Lookup lookup))
        {
            if (lookup.Id == 0)
                table.Failed(lookup, LookupFailure.Status, At(40), At(1));
            else
                table.Answered(lookup, LookupAnswer.Offline, At(1));
        }

        table.Visit(new CallbackFrame(2, At(2), second), VisitKind.Arrival, At(2), out _, expired);
        Assert.Equal(24, Answer());
        Assert.False(table.Visit(new CallbackFrame(2, At(2), second), VisitKind.Again, At(5), out _, expired));
        Assert.Equal(24, Answer());
        Assert.False(table.Visit(new CallbackFrame(2, At(2), second), VisitKind.Again, At(8), out _, expired));
        Assert.Equal(2, Answer());

        int Answer()
        {
            int answered = 0;
            for (; table.TryStart(At(3), out Callbacks.Journal.Pending.Lookup lookup); answered++)
                table.Answered(lookup, LookupAnswer.Offline, At(3));
            return answered;
        }
    }

    [Fact]
    public void However_many_ids_are_forgotten_nobody_waits_long_for_the_window()
    {
        const int Ids = 2 * PendingTable.ReleasedAtOnce + 100;
        var table = new PendingTable(Retention, Ids, keepAll: false, new Random(1));
        Span<long> expired = stackalloc long[_expired.Length];
        for (int id = 0; id < Ids; id++)
            table.Visit(new CallbackFrame((ulong)id, At(0), [id]), VisitKind.Arrival, At(0), out _, expired);
        while (table.TryStart(At(1), out Callbacks.Journal.Pending.Lookup lookup))
            table.Answered(lookup, LookupAnswer.Offline, At(1));
        Assert.True(table.Release(At(2), At(2)));
        Assert.Equal(Ids - PendingTable.ReleasedAtOnce, table.Status(At(2)).Ids);
        Assert.True(table.Release(At(2), At(2)));
        Assert.False(table.Release(At(2), At(2)));
        Assert.Equal(0, table.Status(At(2)).Ids);
    }

    [Fact]
    public void A_window_full_of_stale_ids_makes_room_for_new_ones_but_not_by_what_it_has_answers_of()
    {
        var table = new PendingTable(Retention, 100, keepAll: false, new Random(1));
        Span<long> expired = stackalloc long[_expired.Length];
        table.Visit(new CallbackFrame(1, At(0), [1000]), VisitKind.Arrival, At(0), out _, expired);
        table.TryStart(At(0), out Callbacks.Journal.Pending.Lookup lookup);
        table.Answered(lookup, LookupAnswer.Offline, At(0));
        long[] old = [.. Enumerable.Range(0, 99).Select(id => (long)id)];
        long[] young = [.. Enumerable.Range(200, 20).Select(id => (long)id)];
        table.Visit(new CallbackFrame(2, At(1), old), VisitKind.Arrival, At(1), out _, expired);
        table.Visit(new CallbackFrame(3, At(5), young), VisitKind.Arrival, At(5), out _, expired);
        Assert.Equal(100, table.Status(At(5)).Ids);
        Assert.True(table.TryStart(At(5), out Callbacks.Journal.Pending.Lookup next));
        Assert.InRange(next.Id, 200, 220);
        Assert.True(table.Visit(new CallbackFrame(1, At(0), [1000]), VisitKind.Again, At(5), out OutcomeCounts outcomes, expired));
        Assert.Equal(1, outcomes.Offline);
    }

    static Instant At(double seconds) => Start + TimeSpan.FromSeconds(seconds);

    void Arrive(Instant received, params long[] ids) => Visit(received, VisitKind.Arrival, received, ids);

    bool Again(Instant received, Instant now, params long[] ids) => Visit(received, VisitKind.Again, now, ids);

    bool Visit(Instant received, VisitKind visit, Instant now, params long[] ids) =>
        _table.Visit(new CallbackFrame(1, received, ids), visit, now, out _, _expired);

    Callbacks.Journal.Pending.Lookup StartOne(Instant now)
    {
        Assert.True(_table.TryStart(now, out Callbacks.Journal.Pending.Lookup lookup));
        return lookup;
    }

    long AnswerOne(Instant now)
    {
        Callbacks.Journal.Pending.Lookup lookup = StartOne(now);
        _table.Answered(lookup, LookupAnswer.Online, now);
        return lookup.Id;
    }

    List<long> StartAll(Instant now)
    {
        var ids = new List<long>();
        while (_table.TryStart(now, out Callbacks.Journal.Pending.Lookup lookup))
            ids.Add(lookup.Id);
        return ids;
    }

    List<(long Id, bool Online, Instant Seen)> Store(Instant now, bool suspects = false)
    {
        var rows = new List<(long Id, bool Online, Instant Seen)>();
        _table.TakeAnswers(now, 10, (id, online, seen) => rows.Add((id, online, seen)), suspects);
        _table.AnswersStored();
        return rows;
    }

    bool IsCovered(long id, Instant since, Instant receivedBy)
    {
        bool[] covered = [false];
        _table.FindCovered([id], since, [receivedBy], wereCovered: false, covered, []);
        return covered[0];
    }
}

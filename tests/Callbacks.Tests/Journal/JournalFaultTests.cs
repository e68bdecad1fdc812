using System.Security.Cryptography;
using Callbacks.Journal;
using Callbacks.Journal.Log;
using Callbacks.Tests.Support;
using Callbacks.Time;
using Microsoft.Extensions.Logging;

namespace Callbacks.Tests.Journal;

/// <summary>G1, G2 and G6 on a disk that fails, fills up, loses power or rots.</summary>
public sealed class JournalFaultTests : IDisposable
{
    readonly SimulatedDisk _disk = new();

    public void Dispose() => _disk.Dispose();

    [Fact]
    public async Task Nothing_is_acknowledged_before_its_flush_has_returned()
    {
        using var held = new ManualResetEventSlim();
        using var rig = new JournalRig(_disk);
        _disk.BeforeFlush = name => held.Wait(JournalRig.Deadline);
        bool isDurable = false;
        // On a machine that stands still meanwhile it may be refused for its lateness.
        for (int tries = 0; tries < 3 && !isDurable; tries++)
        {
            held.Reset();
            Task<Receipt> append = rig.AppendAsync(1);
            await Task.WhenAny(append, Task.Delay(100));
            Assert.False(append.IsCompleted && (await append).IsDurable);
            held.Set();
            isDurable = (await append).IsDurable;
        }

        Assert.True(isDurable);
    }

    [Fact]
    public async Task A_stop_waits_for_no_more_than_one_of_many_segments_that_are_to_go()
    {
        int deleted = 0;
        using var never = new ManualResetEventSlim();
        _disk.Fails = (what, _) =>
        {
            deleted += what == "delete" ? 1 : 0;
            return false;
        };
        _disk.BeforeFolderFlush = () =>
        {
            if (deleted > 0)
                never.Wait(200);
        };
        using (var rig = new JournalRig(_disk, TimeSpan.FromSeconds(2)))
        {
            // It keeps the others until it expires.
            Assert.True((await rig.AppendAsync(1)).IsDurable);
            while (rig.Table.TryStart(rig.Time.Now, out _))
            {
            }

            for (int i = 0; i < 20; i++)
                Assert.True((await rig.AppendAsync(JournalRig.WideIds(5_000))).IsDurable);
            await JournalRig.UntilAsync(() => Volatile.Read(ref deleted) > 0);
        }

        Assert.InRange(deleted, 1, 12);
    }

    [Fact]
    public async Task While_a_segment_goes_and_the_folder_s_flush_hangs_callbacks_are_read_as_ever()
    {
        bool isDeleting = false;
        using var held = new ManualResetEventSlim();
        _disk.Fails = (what, _) =>
        {
            isDeleting |= what == "delete";
            return false;
        };
        _disk.BeforeFolderFlush = () =>
        {
            if (isDeleting)
                held.Wait(JournalRig.Deadline);
        };
        using var rig = new JournalRig(_disk, segmentBytes: 128 << 10, windowIds: 200);
        long[] bulky = [.. Enumerable.Range(0, 10_000).Select(id => (1L << 60) + id % 100)];
        // Each takes more than half a segment. What comes after them must find room in the last: the next one's name waits for the same flush.
        for (int i = 0; i < 3; i++)
            Assert.True((await rig.AppendAsync(bulky)).IsDurable);
        await rig.AnswerUntilSettledAsync();
        await JournalRig.UntilAsync(() => Volatile.Read(ref isDeleting));

        Assert.True((await rig.AppendAsync(7)).IsDurable);
        await rig.ReadAsync();
        Assert.Equal([7], rig.AnswerAll());

        // And what is left on disk, for the window is full, covers its rows: the sweep asks for it.
        long[] many = [.. Enumerable.Range(0, 1_000).Select(id => 1_000_000L + id)];
        Receipt receipt = await rig.AppendAsync(many);
        Assert.True(receipt.IsDurable);
        await rig.ReadAsync();
        bool[] covered = new bool[many.Length];
        Instant[] receivedBy = [.. many.Select(_ => rig.Time.Now)];
        Assert.True(rig.Table.UnfitUpTo >= receipt.ReceivedAt);
        await Task.Run(() => rig.Journal.FindCovered(many, receipt.ReceivedAt - TimeSpan.FromSeconds(1), receivedBy, wereCovered: true, covered)).WaitAsync(JournalRig.Deadline / 2);
        Assert.DoesNotContain(false, covered);
        Assert.False(held.IsSet);
        held.Set();
        await JournalRig.UntilAsync(() => rig.Journal.Status() is { Segments: 1, Spares: 1 });
    }

    [Fact]
    public async Task Whatever_ends_the_reading_of_earlier_segments_is_said_and_the_stop_gives_the_folder_back()
    {
        using (var before = new JournalRig(_disk))
            Assert.True((await before.AppendAsync(1)).IsDurable);
        // On the thread that reads them; those that follow the journal and open it have no part in this.
        _disk.Unreadable = (_, _) => Thread.CurrentThread.Name == ".NET Long Running Task" ? throw new InvalidOperationException("Nobody has thought of this one.") : false;
        using (var rig = new JournalRig(_disk))
        {
            await JournalRig.UntilAsync(() => rig.Journal.Status().Damage.Count > 0);
            Assert.True(rig.Journal.Status().IsRecovering);
            Assert.True((await rig.AppendAsync(2)).IsDurable);
        }

        _disk.Unreadable = (_, _) => false;
        using var after = new JournalRig(_disk);
        Assert.Equal([1, 2], (await after.FindPendingAsync()).Order());
    }

    [Fact]
    public async Task An_append_that_is_not_durable_in_time_is_refused_and_the_next_goes_through()
    {
        using var held = new ManualResetEventSlim();
        using var rig = new JournalRig(_disk);
        _disk.BeforeFlush = _ => held.Wait(JournalRig.Deadline);
        Assert.False((await rig.AppendAsync(1)).IsDurable);
        // Who asks whether it accepts is told so, while the disk hangs and without anybody sending when it's back.
        Assert.NotNull(rig.Journal.Status().Problem);
        _disk.BeforeFlush = _ => { };
        held.Set();
        await JournalRig.UntilAsync(() => rig.Journal.Status().Problem is null);
        Assert.True((await rig.AppendAsync(2)).IsDurable);
    }

    [Fact]
    public async Task Segments_whose_first_write_failed_do_not_use_up_the_room()
    {
        using var rig = new JournalRig(_disk, bytesMax: 4 * (64 << 10));
        await JournalRig.UntilAsync(() => rig.Journal.Status().Spares == 1);
        // The zeros get through, and what is written over them does not.
        var isPrepared = new HashSet<string>(StringComparer.Ordinal) { Segment.NameOf(1), Segment.NameOf(2) };
        _disk.Fails = (what, name) => what == "write" && !isPrepared.Add(name);
        for (int i = 0; i < 20; i++)
            Assert.False((await rig.AppendAsync(i)).IsDurable);
        _disk.Fails = (_, _) => false;
        await JournalRig.UntilAsync(() => rig.Journal.Status().Problem is null);
        Assert.True((await rig.AppendAsync(100)).IsDurable);
        Assert.InRange(rig.Journal.Status().Bytes, 1, 4 * (64 << 10));
        await rig.AnswerUntilSettledAsync();
        await JournalRig.UntilAsync(() => rig.Journal.Status().Segments == 1);
    }

    [Fact]
    public async Task Without_room_for_the_next_segment_it_says_so_and_accepts_until_this_one_is_full()
    {
        using var rig = new JournalRig(_disk, bytesMax: 2 * (64 << 10));
        await rig.AppendAsync(1);
        await JournalRig.UntilAsync(() => rig.Journal.Status().Spares == 1);
        long[] ids = JournalRig.WideIds(3000);
        for (int i = 0; i < 3; i++)
            Assert.True((await rig.AppendAsync(ids)).IsDurable);
        await JournalRig.UntilAsync(() => rig.Journal.Status() is { Problem: null, SpareProblem: not null });
        Assert.True((await rig.AppendAsync(2)).IsDurable);
        await rig.AnswerUntilSettledAsync();
        await JournalRig.UntilAsync(() => rig.Journal.Status() is { Problem: null, SpareProblem: null });
    }

    [Fact]
    public async Task What_can_not_be_read_at_one_start_is_not_given_up_and_counts_when_it_can_be_read_again()
    {
        await LeaveFourAsync();
        _disk.Unreadable = (name, offset) => offset >= 4 * Layout.BlockBytes && name == Segment.NameOf(1);
        await LiveAcceptingThoughDamagedAsync();
        _disk.Unreadable = (_, _) => false;
        using var third = new JournalRig(_disk);
        Assert.Equal([1, 2, 3, 4, 5], (await third.FindPendingAsync()).Order());
    }

    [Fact]
    public async Task A_segment_of_which_nothing_can_be_read_at_one_start_counts_at_the_next_while_it_has_to_wait_for_an_older_one()
    {
        long[] ids = JournalRig.WideIds(3000);
        using (var first = new JournalRig(_disk))
        {
            // Two fit into a segment.
            for (int i = 0; i < 3; i++)
                await first.AppendAsync([.. ids.Select(id => id + i * 10_000L)]);
        }

        _disk.Unreadable = (name, _) => name == Segment.NameOf(2);
        await LiveAcceptingThoughDamagedAsync();
        _disk.Unreadable = (_, _) => false;
        using var third = new JournalRig(_disk);
        Assert.Equal(9001, (await third.FindPendingAsync()).Distinct().Count());
    }

    [Fact]
    public async Task A_segment_of_which_nothing_can_be_read_is_set_aside_and_not_deleted()
    {
        using (var first = new JournalRig(_disk))
            await first.AppendAsync(1);

        _disk.Unreadable = (name, _) => name == Segment.NameOf(1);
        using var second = new JournalRig(_disk);
        Assert.True((await second.AppendAsync(2)).IsDurable);
        Assert.Equal([2], await second.FindPendingAsync());
        Assert.NotEmpty(second.Journal.Status().Damage);
        await JournalRig.UntilAsync(() => _disk.List().Contains(Segment.DamagedNameOf(1), StringComparer.Ordinal));
    }

    [Theory]
    [InlineData(0)]
    [InlineData(Layout.BlockBytes)]
    public async Task A_block_that_can_not_be_read_any_more_does_not_refuse_the_start(long unreadable)
    {
        using (var first = new JournalRig(_disk))
        {
            for (int i = 1; i <= 4; i++)
                await first.AppendAsync(i);
            await JournalRig.UntilAsync(() => first.Journal.Status().Spares == 1);
        }

        _disk.Unreadable = (name, offset) => offset == unreadable && (name == Segment.NameOf(1) || name == Segment.NameOf(2));
        using var second = new JournalRig(_disk);
        Assert.True((await second.AppendAsync(9)).IsDurable);
        Assert.True(await second.FindPendingAsync() is var found && found.Contains(4) && found.Contains(9));
        Assert.NotEmpty(second.Journal.Status().Damage);
    }

    [Theory]
    [InlineData("flush")]
    [InlineData("write")]
    public async Task A_failed_group_is_refused_its_segment_is_left_and_the_journal_goes_on_by_itself(string operation)
    {
        using var rig = new JournalRig(_disk);
        string failing = Segment.NameOf(1);
        Assert.True((await rig.AppendAsync(1)).IsDurable);
        _disk.Fails = (what, name) => what == operation && name == failing;
        Assert.False((await rig.AppendAsync(2)).IsDurable);
        Assert.True((await rig.AppendAsync(3)).IsDurable);
        _disk.Fails = (_, _) => false;
        Assert.True((await rig.AppendAsync(4)).IsDurable);
        await rig.AnswerUntilSettledAsync();
        Assert.Equal(3, rig.Balance.Snapshot().Acknowledged);
        Assert.True(rig.Balance.Snapshot().IsBalanced);
    }

    [Fact]
    public async Task What_a_failed_flush_left_on_the_disk_does_not_exist_in_the_next_life()
    {
        using (var first = new JournalRig(_disk))
        {
            await first.AppendAsync(1);
            _disk.Fails = (what, name) => what == "flush" && name == Segment.NameOf(1);
            await first.AppendAsync(2);
            _disk.Fails = (_, _) => false;
            await first.AppendAsync(3);
        }

        using var second = new JournalRig(_disk);
        Assert.Equal([1, 3], (await second.AnswerUntilSettledAsync()).Order());
        Assert.Empty(second.Journal.Status().Damage);
    }

    [Fact]
    public async Task A_full_disk_refuses_and_says_so_and_acceptance_resumes_when_there_is_room()
    {
        using var rig = new JournalRig(_disk);
        _disk.Capacity = 4 * (64 << 10);
        long[] ids = [.. Enumerable.Range(0, 1000).Select(id => (long)id)];
        while ((await rig.AppendAsync(ids)).IsDurable)
        {
        }

        Assert.NotNull(rig.Journal.Status().Problem);
        await rig.AnswerUntilSettledAsync();
        await JournalRig.UntilAsync(() => rig.Journal.Status().Problem is null);
        Assert.True((await rig.AppendAsync(ids)).IsDurable);
    }

    [Fact]
    public async Task A_start_on_a_disk_that_its_own_callbacks_fill_refuses_until_they_are_settled()
    {
        _disk.Capacity = 4 * (64 << 10);
        long[] ids = [.. Enumerable.Range(0, 1000).Select(id => (long)id)];
        int acknowledged = 0;
        using (var first = new JournalRig(_disk))
        {
            while ((await first.AppendAsync(ids)).IsDurable)
                acknowledged++;
        }

        using var second = new JournalRig(_disk);
        Assert.False((await second.AppendAsync(1)).IsDurable);
        Assert.NotNull(second.Journal.Status().Problem);
        await second.ReadAsync();
        Assert.Equal(acknowledged * ids.Length, second.Balance.Snapshot().PendingAtStart);
        await second.AnswerUntilSettledAsync();
        await JournalRig.UntilAsync(() => second.Journal.Status() is { Problem: null, Segments: 1 });
        Assert.True((await second.AppendAsync(ids)).IsDurable);
    }

    [Fact]
    public async Task At_its_own_size_limit_the_journal_refuses_until_something_is_settled()
    {
        using var rig = new JournalRig(_disk, bytesMax: 4 * (64 << 10));
        long[] ids = [.. Enumerable.Range(0, 1000).Select(id => (long)id)];
        while ((await rig.AppendAsync(ids)).IsDurable)
        {
        }

        await rig.AnswerUntilSettledAsync();
        await JournalRig.UntilAsync(() => rig.Journal.Status().Problem is null);
        Assert.True((await rig.AppendAsync(ids)).IsDurable);
    }

    [Fact]
    public async Task After_power_cuts_every_acknowledged_callback_is_pending_or_settled()
    {
        int seed = RandomNumberGenerator.GetInt32(1 << 30);
        for (int schedule = 0; schedule < 20; schedule++)
            await CutPowerRepeatedlyAsync(seed + schedule);
    }

    static async Task CutPowerRepeatedlyAsync(int seed)
    {
        var random = new Random(seed);
        var disk = new SimulatedDisk();
        var owed = new HashSet<long>();
        var answered = new HashSet<long>();
        long nextId = 1;
        for (int life = 0; life < 4; life++)
        {
            JournalRig rig = new(disk);
            var appends = new List<(long[] Ids, Task<Receipt> Receipt)>();
            for (int i = random.Next(12); i > 0; i--)
            {
                long[] ids = [.. Enumerable.Range(0, random.Next(1, 600)).Select(_ => nextId++)];
                appends.Add((ids, rig.AppendAsync(ids)));
                if (random.Next(3) == 0)
                    await appends[^1].Receipt;
                if (random.Next(6) == 0)
                    answered.UnionWith(rig.AnswerAll());
            }

            foreach ((long[] ids, Task<Receipt> receipt) in appends)
            {
                if (receipt.IsCompletedSuccessfully && receipt.Result.IsDurable)
                    owed.UnionWith(ids);
            }

            disk.CutPower(random);
            rig.Dispose();
        }

        owed.ExceptWith(answered);
        using var last = new JournalRig(disk);
        List<long> asked = await last.FindPendingAsync();
        Assert.True(owed.IsSubsetOf(asked), $"seed {seed}: lost {string.Join(',', owed.Except(asked).Take(10))}");
        Assert.True(asked.All(id => id > 0 && id < nextId), $"seed {seed}");
        Assert.True(last.Journal.Status().Damage.Count == 0, $"seed {seed}: {string.Join(' ', last.Journal.Status().Damage)}");
    }

    [Fact]
    public async Task A_flipped_byte_anywhere_loses_at_most_its_own_group_and_is_reported()
    {
        string name = Segment.NameOf(1);
        await LeaveFourAsync();
        byte[] whole = _disk.Read(name);
        for (int offset = 0; offset < 6 * Layout.BlockBytes; offset += offset % Layout.BlockBytes < 100 ? 3 : 331)
        {
            var disk = new SimulatedDisk();
            using (var file = disk.Create(name))
            {
                file.Write(whole, 0);
                file.Flush();
            }

            disk.Damage(name, offset);
            using var rig = new JournalRig(disk);
            List<long> asked = await rig.FindPendingAsync();
            int block = offset / Layout.BlockBytes;
            bool lastGroup = block >= 4;
            Assert.True(Enumerable.Range(1, 4).Except([block]).All(id => asked.Contains(id)), $"byte {offset}: {string.Join(',', asked)}");
            if (asked.Count < 4 && !lastGroup)
                Assert.NotEmpty(rig.Journal.Status().Damage);
        }
    }

    [Fact]
    public async Task A_damaged_segment_is_set_aside_and_not_deleted_when_all_that_is_whole_in_it_is_settled()
    {
        await LeaveFourAsync();
        _disk.Damage(Segment.NameOf(1), 2 * Layout.BlockBytes + 50);
        using var second = new JournalRig(_disk);
        Assert.Equal([1, 3, 4], (await second.AnswerUntilSettledAsync()).Order());
        await JournalRig.UntilAsync(() => _disk.List().Contains("00000000000000000001.damaged", StringComparer.Ordinal));
        Assert.Contains("00000000000000000001.journal is damaged from byte 8192 to 12288.", second.Journal.Status().Damage, StringComparer.Ordinal);
    }

    [Fact]
    public async Task A_group_that_rots_while_the_service_runs_is_reported_once_and_the_others_go_on()
    {
        using var rig = new JournalRig(_disk);
        for (int i = 1; i <= 3; i++)
            await rig.AppendAsync(i);
        await rig.ReadAsync();
        _disk.Damage(Segment.NameOf(1), 2 * Layout.BlockBytes + 50);
        // Groups that were read in one piece are visited from memory; the arrival of another one makes the follower read again.
        await rig.AppendAsync(4);
        await JournalRig.UntilAsync(() => rig.Journal.Status().Damage.Count > 0);
        await rig.AppendAsync(5);
        await JournalRig.UntilAsync(() =>
        {
            rig.AnswerAll();
            return rig.Balance.Snapshot().SettledCallbacks == 4;
        });
        Assert.Equal(["00000000000000000001.journal is damaged from byte 8192 to 12288."], rig.Journal.Status().Damage, StringComparer.Ordinal);
        Assert.False(rig.Balance.Snapshot() is { Pending: 0 });
    }

    [Fact]
    public async Task It_stops_though_settle_marks_are_left_and_nothing_can_be_written()
    {
        var rig = new JournalRig(_disk);
        await rig.AppendAsync(1, 3, 5);
        _disk.Fails = (operation, _) => operation is "write" or "flush" or "create";
        Assert.False((await rig.AppendAsync(7)).IsDurable);
        await JournalRig.UntilAsync(() =>
        {
            rig.AnswerAll();
            return rig.Balance.Snapshot().Pending == 0;
        });
        await Task.Run(rig.Dispose).WaitAsync(JournalRig.Deadline);
    }

    [Fact]
    public async Task A_disk_that_can_be_written_again_is_noticed_without_a_callback()
    {
        using var rig = new JournalRig(_disk);
        _disk.Fails = (operation, _) => operation is "write" or "flush" or "create";
        Assert.False((await rig.AppendAsync(1)).IsDurable);
        Assert.NotNull(rig.Journal.Status().Problem);
        _disk.Fails = (_, _) => false;
        await JournalRig.UntilAsync(() => rig.Journal.Status().Problem is null);
    }

    [Fact]
    public async Task A_segment_that_can_not_be_read_any_more_costs_its_own_callbacks_only()
    {
        await LeaveFourAsync();
        _disk.Unreadable = (name, offset) => name == Segment.NameOf(1) && offset == 2 * Layout.BlockBytes;
        using var second = new JournalRig(_disk);
        Assert.Equal([1, 3, 4], (await second.FindPendingAsync()).Order());
        Assert.NotEmpty(second.Journal.Status().Damage);
    }

    [Fact]
    public async Task A_missing_segment_is_reported_and_the_others_are_used()
    {
        long[] ids = JournalRig.WideIds(3000);
        using (var first = new JournalRig(_disk))
        {
            for (int i = 0; i < 8; i++)
                await first.AppendAsync([.. ids.Select(id => id + i * 10_000L)]);
        }

        _disk.Delete(Segment.NameOf(3));
        var log = new AllLogLines();
        using var second = new JournalRig(_disk, loggers: log);
        await second.ReadAsync();
        const string Missing = "Segment 00000000000000000003.journal is missing.";
        Assert.Contains(Missing, second.Journal.Status().Damage, StringComparer.Ordinal);
        Assert.EndsWith(Missing, Assert.Single(log.From(LogLevel.Critical)), StringComparison.Ordinal);
        Assert.InRange(second.Balance.Snapshot().PendingAtStart, 3000 * 5, 3000 * 7);
        Assert.True((await second.AppendAsync(1)).IsDurable);
    }

    [Theory]
    [InlineData(1)]
    [InlineData(3)]
    public async Task A_segment_shorter_than_the_next_one_says_is_reported_and_the_others_are_used(int number)
    {
        long[] ids = JournalRig.WideIds(3000);
        using (var first = new JournalRig(_disk))
        {
            for (int i = 0; i < 8; i++)
                await first.AppendAsync([.. ids.Select(id => id + i * 10_000L)]);
        }

        _disk.Cut(Segment.NameOf((ulong)number), 20_000);
        using var second = new JournalRig(_disk);
        await second.ReadAsync();
        Assert.NotEmpty(second.Journal.Status().Damage);
        Assert.InRange(second.Balance.Snapshot().PendingAtStart, 3000 * 5, 3000 * 7);
        Assert.True((await second.AppendAsync(1)).IsDurable);
    }

    /// <summary>A life that leaves the callbacks 1 to 4, a group and an id each.</summary>
    async Task LeaveFourAsync()
    {
        using var rig = new JournalRig(_disk);
        for (int i = 1; i <= 4; i++)
            await rig.AppendAsync(i);
    }

    /// <summary>A life that finds damage, and accepts callback 5 all the same.</summary>
    async Task LiveAcceptingThoughDamagedAsync()
    {
        using var rig = new JournalRig(_disk);
        Assert.True((await rig.AppendAsync(5)).IsDurable);
        await rig.ReadAsync();
        Assert.NotEmpty(rig.Journal.Status().Damage);
    }
}

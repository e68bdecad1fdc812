using Callbacks.Journal;
using Callbacks.Journal.Disk;
using Callbacks.Journal.Log;
using Callbacks.Journal.Tools;

namespace Callbacks.Tests.Journal.Tools;

/// <summary>What is read beside a journal that runs, on a disk that can do at any moment what a real one does at bad ones.</summary>
public sealed class SurveyTests : IDisposable
{
    static readonly long[] ManyIds = JournalRig.WideIds(1000);

    readonly SimulatedDisk _disk = new();

    public void Dispose() => _disk.Dispose();

    [Fact]
    public async Task What_is_pending_and_what_is_settled_is_told_apart_beside_the_running_journal()
    {
        using var rig = new JournalRig(_disk);
        await rig.AppendAsync(1, 3);
        await rig.AppendAsync(5);
        await rig.AnswerUntilSettledAsync();
        Receipt last = await rig.AppendAsync(7, 9, 11);
        JournalSurvey survey = Read(_disk);
        // The marks ride on a later group; until then they don't count.
        Assert.InRange(survey.Live.Sum(segment => segment.PendingCallbacks), 1, 3);
        await JournalRig.UntilAsync(() => Read(_disk).Live.Sum(segment => segment.PendingCallbacks) == 1);
        SurveyedSegment segment = Read(_disk).Live.First();
        Assert.Equal((3, last.Number, last.ReceivedAt), (segment.Callbacks, segment.LastNumber, segment.LastReceived));
        Assert.Equal((3, last.ReceivedAt), (segment.PendingSightings, segment.OldestPending));
    }

    [Fact]
    public async Task It_asks_the_disk_to_change_nothing()
    {
        using var rig = new JournalRig(_disk);
        await rig.AppendAsync(1);
        rig.Dispose();
        _disk.Fails = (operation, name) => throw new InvalidOperationException($"{operation} {name}");
        Assert.False(Read(_disk).IsDamaged);
    }

    [Fact]
    public async Task A_segment_that_goes_between_the_listing_and_the_reading_is_no_error()
    {
        await FillAsync(segments: 3);
        var folder = new BusyFolder(_disk) { BeforeOpen = name => { if (name == Segment.NameOf(1)) _disk.Delete(name); } };
        JournalSurvey survey = Read(folder);
        Assert.False(survey.IsDamaged);
        Assert.Equal(2ul, survey.Segments[0].Number);
    }

    [Fact]
    public async Task A_segment_that_goes_while_the_others_are_read_is_left_out()
    {
        await FillAsync(segments: 3);
        var folder = new BusyFolder(_disk) { BeforeOpen = name => { if (name == Segment.NameOf(3) && _disk.List().Contains(Segment.NameOf(1), StringComparer.Ordinal)) _disk.Delete(Segment.NameOf(1)); } };
        Assert.Equal(2ul, Read(folder).Segments[0].Number);
    }

    [Fact]
    public async Task A_listing_that_misses_what_is_made_and_deleted_meanwhile_is_no_missing_segment()
    {
        await FillAsync(segments: 4);
        var folder = new BusyFolder(_disk);
        // Read while 1 and 2 were deleted: the one had been listed by then.
        folder.Listings.Enqueue([.. _disk.List().Where(name => name != Segment.NameOf(2))]);
        folder.Listings.Enqueue([.. _disk.List().Where(name => name != Segment.NameOf(2) && name != Segment.NameOf(1))]);
        Assert.Empty(Read(folder).Missing);
        folder.Listings.Enqueue([.. _disk.List().Where(name => name != Segment.NameOf(2))]);
        folder.Listings.Enqueue([.. _disk.List().Where(name => name != Segment.NameOf(2))]);
        Assert.Equal([2ul], Read(folder).Missing);
    }

    [Fact]
    public async Task A_group_that_is_being_written_while_it_is_read_is_no_damage()
    {
        using (var rig = new JournalRig(_disk))
        {
            for (int i = 1; i <= 40; i++)
                await rig.AppendAsync(ManyIds[..(i % 7 + 1)]);
        }

        // The reader meets the third group's block half-written, and everything behind it whole: a later read finds it whole, too.
        int half = 1;
        var folder = new BusyFolder(_disk) { Tear = (name, offset, length) => name == Segment.NameOf(1) && offset <= 12_288 && 12_288 < offset + length && half-- > 0 };
        Assert.False(Read(folder).IsDamaged);
        Assert.True(half < 0, "The torn block was never read.");
        var rotten = new BusyFolder(_disk) { Tear = (name, offset, length) => name == Segment.NameOf(1) && offset <= 12_288 && 12_288 < offset + length };
        Assert.True(Read(rotten).IsDamaged);
    }

    [Fact]
    public async Task The_group_at_the_tail_is_not_called_damage_however_much_of_it_is_there()
    {
        using (var rig = new JournalRig(_disk))
        {
            await rig.AppendAsync(1);
            await rig.AppendAsync(ManyIds);
        }

        byte[] whole = _disk.Read(Segment.NameOf(1));
        int end = (int)Read(_disk).Segments[0].End;
        for (int cut = end - 8_192; cut < end - 128; cut += 509)
        {
            using var disk = new SimulatedDisk();
            using (IJournalFile file = disk.Create(Segment.NameOf(1)))
            {
                file.Write(whole.AsSpan(0, cut), 0);
                file.Write(new byte[whole.Length - cut], cut);
            }

            JournalSurvey survey = Read(disk);
            Assert.False(survey.IsDamaged, $"cut at {cut}");
            Assert.Equal(1, survey.Segments[0].Callbacks);
        }
    }

    [Fact]
    public async Task A_spare_that_is_taken_into_use_while_the_headers_are_read_has_no_damaged_header()
    {
        await FillAsync(segments: 3);
        byte[] second = _disk.Read(Segment.NameOf(2));
        int reads = 0;
        // The first look at its header finds the zeros of a spare; the next segment's header already tells its end.
        var folder = new BusyFolder(_disk) { Blank = (name, offset) => name == Segment.NameOf(2) && offset == 0 && reads++ == 0 };
        JournalSurvey survey = Read(folder);
        Assert.False(survey.IsDamaged);
        Assert.Equal(second.Length, survey.Segments[1].Bytes);
        Assert.True(survey.Segments[1].Callbacks > 0);
        var rotten = new BusyFolder(_disk) { Blank = (name, offset) => name == Segment.NameOf(2) && offset == 0 };
        Assert.True(Read(rotten).IsDamaged);
    }

    [Fact]
    public async Task What_a_hole_costs_is_told_by_the_numbers_and_the_marks_around_it()
    {
        using (var rig = new JournalRig(_disk))
        {
            for (int i = 1; i <= 4; i++)
                await rig.AppendAsync(2 * i + 1);
            await rig.AnswerUntilSettledAsync();
            await JournalRig.UntilAsync(() => Read(_disk).Live.Sum(segment => segment.PendingCallbacks) == 0);
            await rig.AppendAsync(2);
        }

        // The second callback's group, which is settled, and whose mark stands in a later one.
        _disk.Damage(Segment.NameOf(1), 2 * Layout.BlockBytes + 50);
        JournalSurvey survey = Read(_disk);
        Damage damage = Assert.Single(survey.Segments[0].Damage);
        Assert.Equal((8_192, 12_288, 1, 1), (damage.From, damage.To, damage.CallbacksMax, damage.Settled));
        Assert.Contains("nothing is lost", Assert.Single(DamageText.Of(survey)), StringComparison.Ordinal);
        Assert.Equal(1, survey.Segments[0].PendingCallbacks);
    }

    [Fact]
    public async Task A_lost_callback_without_a_mark_is_named()
    {
        Receipt second;
        using (var rig = new JournalRig(_disk))
        {
            await rig.AppendAsync(1);
            second = await rig.AppendAsync(3);
            await rig.AppendAsync(5);
        }

        _disk.Damage(Segment.NameOf(1), 2 * Layout.BlockBytes + 50);
        string sentence = Assert.Single(DamageText.Of(Read(_disk)));
        Assert.Contains($"at most 1 callback, {CallbackId.Format(Read(_disk).Segments[0].Tag, second.Number)} to", sentence, StringComparison.Ordinal);
        Assert.Contains("are lost if", sentence, StringComparison.Ordinal);
    }

    static JournalSurvey Read(IJournalFolder folder) => JournalSurvey.Read(folder, CancellationToken.None);

    async Task FillAsync(int segments)
    {
        using var rig = new JournalRig(_disk);
        while (rig.Journal.Status().Segments < segments + 1)
            await rig.AppendAsync(ManyIds);
    }

    /// <summary>The disk, with a service that does something between two looks at it.</summary>
    sealed class BusyFolder(SimulatedDisk disk) : IJournalFolder
    {
        public Action<string> BeforeOpen { get; init; } = _ => { };
        public Func<string, long, int, bool> Tear { get; init; } = (_, _, _) => false;
        public Func<string, long, bool> Blank { get; init; } = (_, _) => false;

        /// <summary>What the next listings show; the truth when there is none.</summary>
        public Queue<string[]> Listings { get; } = new();

        public string Path => disk.Path;

        public IReadOnlyList<string> List() => Listings.TryDequeue(out string[]? names) ? names : disk.List();

        public IJournalFile Open(string name)
        {
            BeforeOpen(name);
            return new BusyFile(this, name, disk.Open(name));
        }

        sealed class BusyFile(BusyFolder folder, string name, IJournalFile file) : IJournalFile
        {
            public long Length => file.Length;

            public int Read(Span<byte> buffer, long offset)
            {
                int read = file.Read(buffer, offset);
                if (folder.Blank(name, offset))
                    buffer.Clear();
                if (folder.Tear(name, offset, buffer.Length))
                    buffer[(int)(12_288 - offset + 20)..][..30].Clear();
                return read;
            }

            public void Write(ReadOnlySpan<byte> buffer, long offset) => throw new NotSupportedException();

            public void Shorten(long length) => throw new NotSupportedException();

            public void Flush() => throw new NotSupportedException();

            public void Dispose() => file.Dispose();
        }
    }
}

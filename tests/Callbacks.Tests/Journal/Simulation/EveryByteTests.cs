using Callbacks.Fixtures;
using Callbacks.Journal.Disk;
using Callbacks.Journal.Log;
using Callbacks.Tests.Support;

namespace Callbacks.Tests.Journal.Simulation;

/// <summary>A log of 64 KiB that was cut off, or in which a byte was flipped, at any place there is.</summary>
public sealed class EveryByteTests
{
    const int SegmentBytes = 64 << 10;
    const int QuickStep = 37;
    const int IdsPerGroupMax = 640;

    // Ids of eight bytes each: the groups below fill the segment to its last block.
    const long WideId = 1L << 60;

    // Small groups and such as take several blocks, to the end of the segment.
    static readonly int[] GroupIds = [3, 40, 1, 640, 7, 2, 600, 60, 1, 30, 8, 5, 400];

    readonly byte[] _log;
    readonly List<(int From, int To, long[] Ids)> _groups = [];

    public EveryByteTests()
    {
        var disk = new SimulatedDisk();
        var model = new Model();
        var life = NewLife(disk, model, SegmentBytes);
        int offset = Layout.SegmentHeaderBytes;
        for (int group = 0; group < GroupIds.Length; group++)
        {
            long first = WideId + group * IdsPerGroupMax;
            long[] ids = [.. Enumerable.Range(0, GroupIds[group]).Select(id => first + id)];
            life.Append(new Sent(group, ids));
            life.Write(isDue: false);
            int bytes = Layout.GroupHeaderBytes + Layout.CallbackBytes(ids.Length, sizeof(long));
            _groups.Add((offset, offset + bytes, ids));
            offset += Layout.WholeBlocks(bytes);
        }

        _log = disk.Read(Segment.NameOf(1));
        Assert.Equal(SegmentBytes, offset);
        life.Kill();
    }

    [Fact]
    public void A_log_cut_off_anywhere_holds_every_group_before_the_cut() => CutEverywhere(QuickStep);

    [Fact(Explicit = true)]
    public void A_log_cut_off_at_every_byte_holds_every_group_before_the_cut() => CutEverywhere(1);

    [Fact]
    public void A_flipped_byte_anywhere_costs_at_most_its_own_group() => FlipEverywhere(QuickStep);

    [Fact(Explicit = true)]
    public void A_flip_of_every_byte_costs_at_most_its_own_group() => FlipEverywhere(1);

    void CutEverywhere(int step)
    {
        int cuts = 0;
        for (int cut = Layout.SegmentHeaderBytes; cut <= SegmentBytes; cut += step, cuts++)
        {
            byte[] log = [.. _log];
            log.AsSpan(cut).Clear();
            (HashSet<long> pending, IReadOnlyList<string> damage) = Open(log);
            long[] whole = [.. _groups.Where(group => group.To <= cut).SelectMany(group => group.Ids)];
            // A group whose last bytes are zeros is whole when they were cut off, too.
            Assert.True(pending.IsSupersetOf(whole), $"cut at {cut}: {whole.Length - pending.Count} ids are lost");
            Assert.True(pending.IsSubsetOf([.. whole, .. GroupAt(cut - 1)]), $"cut at {cut}: more than was written");
            Assert.True(damage.Count == 0, $"cut at {cut}: {string.Join(' ', damage)}");
        }

        Figures.Add("cuts of a log of 64 KiB", cuts);
    }

    void FlipEverywhere(int step)
    {
        long[] all = [.. _groups.SelectMany(group => group.Ids)];
        int flips = 0;
        for (int flip = 0; flip < SegmentBytes; flip += step, flips++)
        {
            byte[] log = [.. _log];
            log[flip] ^= 0x41;
            (HashSet<long> pending, IReadOnlyList<string> damage) = Open(log);
            long[] own = GroupAt(flip);
            Assert.True(pending.IsSupersetOf(all.Except(own)), $"flip at {flip}: {all.Length - own.Length - pending.Count} ids of other groups are lost");
            Assert.True(pending.IsSubsetOf(all), $"flip at {flip}: more than was written");
            // What can't be told from the torn end of the log is not reported.
            Assert.True(pending.Count == all.Length || damage.Count > 0 || own == _groups[^1].Ids, $"flip at {flip}: lost without a word");
        }

        Figures.Add("flipped bytes of a log of 64 KiB", flips);
    }

    long[] GroupAt(int offset) => _groups.Find(group => group.From <= offset && offset < group.To).Ids ?? [];

    static (HashSet<long> Pending, IReadOnlyList<string> Damage) Open(byte[] log)
    {
        var disk = new SimulatedDisk();
        using (IJournalFile file = disk.Create(Segment.NameOf(1)))
        {
            file.Write(log, 0);
            file.Flush();
            disk.FlushFolder();
        }

        Life life = NewLife(disk, new Model(), Life.SmallSegmentBytes);
        life.Recover();
        do
            life.Follow();
        while (life.Status.IsRecovering);
        while (life.StartLookup(1))
        {
        }

        life.Kill();
        return ([.. life.IdsInFlight], life.Status.Damage);
    }

    static Life NewLife(SimulatedDisk disk, Model model, int segmentBytes)
    {
        uint tag = (uint)segmentBytes;
        return new Life(disk, model, new FakeTimeProvider(), TimeSpan.FromMinutes(10), GroupIds.Length * IdsPerGroupMax, () => ++tag, segmentBytes);
    }
}

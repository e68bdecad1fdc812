using System.Buffers.Binary;
using System.Globalization;
using System.Security.Cryptography;
using Callbacks.Journal;
using Callbacks.Journal.Disk;
using Callbacks.Journal.Log;
using Callbacks.Journal.Pending;
using Callbacks.Tests.Support;
using Callbacks.Time;

namespace Callbacks.Tests.Journal;

/// <summary>
/// A release is replaced by the next and back. <c>Format1</c> and <c>Format2</c> each hold a journal that a service left when that was its format: segments, a spare,
/// settle marks, and twenty pending callbacks, which <c>pending.txt</c> lists: number, receive time in microseconds, first id, how many ids, one after the other.
/// </summary>
public sealed class JournalFormatTests : IDisposable
{
    const int Current = 2;
    const ulong NewestNumber = 3;
    const int VersionOffset = 12;
    const int ChecksummedBytes = 832;

    /// <summary>Some kind that no release knows.</summary>
    const byte UnknownKind = 77;

    static readonly string Newest = Segment.NameOf(NewestNumber);

    readonly string _folder = Directory.CreateTempSubdirectory("callback-format-").FullName;
    (ulong Number, Instant ReceivedAt, long[] Ids)[] _pending = [];

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    [Theory]
    [InlineData(1)]
    [InlineData(Current)]
    public async Task A_journal_of_each_format_is_read_with_exactly_its_pending_callbacks(int format)
    {
        Take(format);
        using JournalRig rig = Open();
        Assert.Equal(Expected(), await FindAsync(rig));
        Assert.Equal(_pending.Sum(callback => callback.Ids.Length), rig.Balance.Snapshot().PendingAtStart);
        Assert.Empty(rig.Journal.Status().Damage);
        Assert.True((await rig.AppendAsync(1)).Number > _pending[^1].Number);
    }

    [Fact]
    public async Task Frames_of_an_unknown_kind_are_skipped_and_what_else_is_in_their_group_counts()
    {
        Take(Current);
        var received = new Instant(_pending[^1].ReceivedAt.Microseconds + 1);
        ulong number = _pending[^1].Number + 1;
        AddGroup(group =>
        {
            int unknown = WriteUnknown(group);
            return unknown + CallbackFrame.Write(group[unknown..], number, received, [4711], width: 2);
        }, callbacks: 1, number, received);
        using JournalRig rig = Open();
        Assert.Equal(Expected().Append((4711, received)).Order(), await FindAsync(rig));
        Assert.Empty(rig.Journal.Status().Damage);
    }

    [Fact]
    public async Task A_group_of_unknown_frames_alone_is_no_damage()
    {
        Take(Current);
        AddGroup(WriteUnknown, callbacks: 0, firstNumber: 0, default);
        using JournalRig rig = Open();
        Assert.Equal(Expected(), await FindAsync(rig));
        Assert.Empty(rig.Journal.Status().Damage);
    }

    [Theory]
    [InlineData(0)]
    [InlineData(Current + 1)]
    public async Task Another_format_version_refuses_the_start_and_leaves_everything_as_it_is(int version)
    {
        Take(Current);
        byte[] segment = Read(Newest);
        BinaryPrimitives.WriteInt32LittleEndian(segment.AsSpan(VersionOffset), version);
        BinaryPrimitives.WriteUInt32LittleEndian(segment.AsSpan(8), Layout.Checksum(uint.MaxValue, segment.AsSpan(VersionOffset..ChecksummedBytes)));
        await File.WriteAllBytesAsync(Path.Combine(_folder, Newest), segment);
        string[] before = ReadAll();

        JournalUnusableException refused = Assert.Throws<JournalUnusableException>(Open);
        Assert.Contains($"has journal format {version}; this release reads formats 1 to 2.", refused.Message, StringComparison.Ordinal);
        Assert.Equal(before, ReadAll());
    }

    /// <summary>Puts the journal that is kept of a format into the folder.</summary>
    void Take(int format)
    {
        string kept = Path.Combine(AppContext.BaseDirectory, "Journal", $"Format{format}");
        foreach (string segment in Directory.EnumerateFiles(kept, "*.journal"))
            File.Copy(segment, Path.Combine(_folder, Path.GetFileName(segment)));
        _pending =
        [
            .. File.ReadAllLines(Path.Combine(kept, "pending.txt")).Select(line => line.Split(' ').Select(word => long.Parse(word, CultureInfo.InvariantCulture)).ToArray())
                .Select(numbers => ((ulong)numbers[0], new Instant(numbers[1]), Enumerable.Range(0, (int)numbers[3]).Select(i => numbers[2] + i).ToArray())),
        ];
    }

    IEnumerable<(long Id, Instant ReceivedAt)> Expected() =>
        _pending.SelectMany(callback => callback.Ids.Select(id => (id, callback.ReceivedAt))).OrderBy(pair => pair.id);

    // A second after the last receipt, however long that is ago by now.
    JournalRig Open() => new(
        new LinuxDisk(_folder), clock: new FakeTimeProvider(new DateTimeOffset(_pending[^1].ReceivedAt.ToDateTime() + TimeSpan.FromSeconds(1), TimeSpan.Zero)));

    static async Task<List<(long Id, Instant ReceivedAt)>> FindAsync(JournalRig rig)
    {
        await rig.ReadAsync();
        var found = new List<(long Id, Instant ReceivedAt)>();
        while (rig.Table.TryStart(rig.Time.Now, out Callbacks.Journal.Pending.Lookup lookup))
            rig.Table.Answered(lookup, LookupAnswer.Online, rig.Time.Now);
        rig.Table.TakeAnswers(rig.Time.Now, int.MaxValue, (id, _, received) => found.Add((id, received)));
        return [.. found.Order()];
    }

    static int WriteUnknown(Span<byte> target)
    {
        const int Bytes = 24;
        BinaryPrimitives.WriteUInt64LittleEndian(target, UnknownKind | (ulong)Bytes << 32);
        target[8..Bytes].Fill(0xA5);
        return Bytes;
    }

    delegate int FrameWriter(Span<byte> target);

    /// <summary>Adds a whole group behind the last one.</summary>
    void AddGroup(FrameWriter write, int callbacks, ulong firstNumber, Instant received)
    {
        byte[] segment = Read(Newest);
        int offset = Layout.SegmentHeaderBytes;
        GroupHeader last = default;
        while (GroupHeader.Read(segment.AsSpan(offset)) is { IsPlausible: true } header)
        {
            last = header;
            offset += header.PaddedBytes;
        }

        Span<byte> group = segment.AsSpan(offset, Layout.BlockBytes);
        int bytes = Layout.GroupHeaderBytes + write(group[Layout.GroupHeaderBytes..]);
        new GroupHeader(bytes, last.Number + 1, last.Tag, callbacks, firstNumber, received).Write(group, NewestNumber);
        File.WriteAllBytes(Path.Combine(_folder, Newest), segment);
    }

    byte[] Read(string name) => File.ReadAllBytes(Path.Combine(_folder, name));

    string[] ReadAll() => [.. Directory.EnumerateFiles(_folder, "*.journal").Order(StringComparer.Ordinal).Select(file => $"{file} {Convert.ToHexString(SHA256.HashData(File.ReadAllBytes(file)))}")];
}

using System.Runtime.InteropServices;
using Callbacks.Time;

namespace Callbacks.Journal.Log;

/// <summary>
/// A group while it is being filled: room for a segment header, then the group as it will stand on disk. A callback is copied once,
/// from the parser's ids to here.
/// </summary>
sealed class GroupBuffer(int groupBytesMax)
{
    // Pinned, so that the write does not have to pin it; touched only as far as it is filled.
    readonly byte[] _bytes = GC.AllocateArray<byte>(Layout.SegmentHeaderBytes + Layout.WholeBlocks(groupBytesMax), pinned: true);

    public int Length { get; private set; } = Layout.GroupHeaderBytes;
    public List<PendingAppend> Appends { get; } = [];
    public List<ulong> Marks { get; } = [];
    public long Sightings { get; private set; }
    public int Callbacks { get; private set; }

    /// <summary>What the callbacks take of <see cref="Length"/>.</summary>
    public int CallbackBytes { get; private set; }
    public ulong FirstNumber { get; private set; }
    public Instant FirstReceived { get; private set; }
    public Instant LastReceived { get; private set; }

    /// <summary>Half of the callbacks were received up to then.</summary>
    public Instant MiddleReceived => Appends[Appends.Count / 2].ReceivedAt;

    public bool IsEmpty => Callbacks == 0;

    public bool HasRoom(int bytes) => Length + bytes <= groupBytesMax;

    /// <param name="width">See <see cref="PackedIds.WidthOf"/>.</param>
    public void Add(ulong number, Instant receivedAt, ReadOnlySpan<long> ids, int width, PendingAppend append)
    {
        // First, for it may need memory, and what fails must leave nothing behind.
        Appends.Add(append);
        int bytes = CallbackFrame.Write(Frames[Length..], number, receivedAt, ids, width);
        Length += bytes;
        CallbackBytes += bytes;
        if (Callbacks == 0)
            (FirstNumber, FirstReceived) = (number, receivedAt);
        LastReceived = receivedAt;
        Callbacks++;
        Sightings += ids.Length;
    }

    /// <summary>Takes as many settle marks from the list as there is room for.</summary>
    public void TakeMarks(List<ulong> settledNumbers)
    {
        int runsMax = (groupBytesMax - Length - Layout.SettledHeaderBytes) / sizeof(ulong);
        if (settledNumbers.Count == 0 || runsMax <= 0)
            return;

        settledNumbers.Sort();
        int start = Length, runs = 0, taken = 0;
        Length += Layout.SettledHeaderBytes;
        while (taken < settledNumbers.Count && runs < runsMax)
        {
            ulong first = settledNumbers[taken];
            int length = 1;
            while (taken + length < settledNumbers.Count && length < SettledRuns.RunLengthMax && settledNumbers[taken + length] == first + (ulong)length)
                length++;
            MemoryMarshal.Write(Frames[Length..], SettledRuns.Pack(first, length));
            Length += sizeof(ulong);
            taken += length;
            runs++;
        }

        MemoryMarshal.Write(Frames[start..], Layout.SettledKind | (ulong)(Length - start) << 32);
        Marks.AddRange(CollectionsMarshal.AsSpan(settledNumbers)[..taken]);
        settledNumbers.RemoveRange(0, taken);
    }

    /// <summary>The bytes to write: the group padded to whole blocks, with the segment's header in front of it when there is one.</summary>
    public ReadOnlySpan<byte> Complete(ulong number, uint tag, ulong segment, SegmentHeader? header)
    {
        var group = new GroupHeader(Length, number, tag, Callbacks, FirstNumber, LastReceived);
        group.Write(Frames, segment);
        Frames[Length..group.PaddedBytes].Clear();
        header?.Write(_bytes);
        int start = header is null ? Layout.SegmentHeaderBytes : 0;
        return _bytes.AsSpan(start, Layout.SegmentHeaderBytes - start + group.PaddedBytes);
    }

    /// <summary>Refuses what was received up to then and still waits. Returns the number of the first; null: there was none.</summary>
    public ulong? Refuse(Instant receivedBy)
    {
        ulong? first = null;
        foreach (PendingAppend append in Appends)
        {
            if (append.ReceivedAt > receivedBy)
                break;
            if (append.TryRefuse())
                first ??= append.Number;
        }

        return first;
    }

    public void Clear()
    {
        Length = Layout.GroupHeaderBytes;
        Appends.Clear();
        Marks.Clear();
        Callbacks = 0;
        CallbackBytes = 0;
        Sightings = 0;
        FirstNumber = 0;
        FirstReceived = LastReceived = default;
    }

    Span<byte> Frames => _bytes.AsSpan(Layout.SegmentHeaderBytes);
}

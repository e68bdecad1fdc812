using Callbacks.Configuration;
using Callbacks.Journal.Log;

namespace Callbacks.Journal;

/// <summary>Section <c>Journal</c>.</summary>
sealed class JournalOptions : ICheckedOptions
{
    public const string Section = "Journal";

    /// <summary>The folder of the log. It holds what was acknowledged and not settled, so it belongs on a disk that survives a power cut.</summary>
    [Allowed("the name of a folder")]
    public string Directory { get; set; } = "journal";

    /// <summary>Size of one file, zero-filled ahead of use.</summary>
    [Allowed("65,536 to 1,073,741,824, in whole 4,096 bytes")]
    public int SegmentBytes { get; set; } = 16 << 20;

    /// <summary>All segments together; beyond it callbacks are answered 503 until some are settled.</summary>
    [Allowed("at least three times Journal:SegmentBytes")]
    public long BytesMax { get; set; } = 16L << 30;

    /// <summary>Distinct ids in memory, waiting or answered less than a retention ago: about 100 bytes each. What does not fit waits on disk.</summary>
    [Allowed("1,000 to 50,000,000, and at least Intake:IdsMax")]
    public int WindowIdsMax { get; set; } = 1_000_000;

    /// <summary>An append that is not durable by then is refused.</summary>
    internal static readonly TimeSpan AppendTimeout = TimeSpan.FromMilliseconds(900);

    /// <summary>Callbacks that wait for the disk, in memory; beyond it they are refused at once.</summary>
    internal const long QueuedBytesMax = 64 << 20;

    /// <summary>A settle mark rides on the next group; when none comes it is written by itself after this long.</summary>
    internal static readonly TimeSpan IdleMarkDelay = TimeSpan.FromMilliseconds(100);

    internal static int GroupBytesMax(int segmentBytes) => Math.Min(Layout.GroupBytesMax, segmentBytes - Layout.SegmentHeaderBytes);

    internal static int IdsOfOneCallbackMax(int segmentBytes) =>
        (GroupBytesMax(segmentBytes) - Layout.GroupHeaderBytes - Layout.CallbackHeaderBytes) / sizeof(long); // However wide they are.

    public IEnumerable<string> FindErrors()
    {
        if (string.IsNullOrWhiteSpace(Directory))
            yield return this.Refuse(Section, nameof(Directory), Directory);
        if (SegmentBytes is < 64 << 10 or > 1 << 30 || SegmentBytes % 4096 != 0)
            yield return this.Refuse(Section, nameof(SegmentBytes), SegmentBytes);
        else if (BytesMax < 3L * SegmentBytes)
            yield return $"{Section}:{nameof(BytesMax)} is {BytesMax}; it must be at least three times {Section}:{nameof(SegmentBytes)} ({SegmentBytes}).";
        if (WindowIdsMax is < 1_000 or > 50_000_000)
            yield return this.Refuse(Section, nameof(WindowIdsMax), WindowIdsMax);
    }
}

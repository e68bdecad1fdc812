using System.ComponentModel.DataAnnotations;

namespace Callbacks.Journal;

/// <summary>Section <c>Journal</c>.</summary>
sealed class JournalOptions
{
    public const string Section = "Journal";

    /// <summary>The folder of the log. It holds what was acknowledged and not settled, so it belongs on a disk that survives a power cut.</summary>
    [Required]
    public string Directory { get; set; } = "journal";

    /// <summary>Size of one file, zero-filled ahead of use.</summary>
    [Range(64 << 10, 1 << 30)]
    public int SegmentBytes { get; set; } = 16 << 20;

    /// <summary>All segments together; beyond it callbacks are answered 503 until some are settled.</summary>
    [Range(1L << 20, 1L << 50)]
    public long BytesMax { get; set; } = 16L << 30;

    /// <summary>Distinct ids in memory, waiting or answered less than a retention ago: about 100 bytes each. What does not fit waits on disk.</summary>
    [Range(1_000, 50_000_000)]
    public int WindowIdsMax { get; set; } = 1_000_000;

    /// <summary>An append that is not durable by then is refused.</summary>
    internal static readonly TimeSpan AppendTimeout = TimeSpan.FromMilliseconds(900);

    /// <summary>Callbacks that wait for the disk, in memory; beyond it they are refused at once.</summary>
    internal const long QueuedBytesMax = 64 << 20;

    /// <summary>A settle mark rides on the next group; when none comes it is written by itself after this long.</summary>
    internal static readonly TimeSpan IdleMarkDelay = TimeSpan.FromMilliseconds(100);
}

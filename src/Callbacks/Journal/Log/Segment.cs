using System.Globalization;
using Callbacks.Journal.Disk;

namespace Callbacks.Journal.Log;

/// <summary>One file of the log, with what this process knows about it.</summary>
sealed class Segment(ulong number, uint tag, IJournalFile file, long bytes) : IDisposable
{
    const string Extension = ".journal";
    const string DamagedExtension = ".damaged";

    long _end = Layout.SegmentHeaderBytes;
    volatile bool _isSealed;
    volatile bool _hasHeader;
    volatile bool _hasSureEnd = true;

    public ulong Number { get; } = number;
    public uint Tag { get; } = tag;
    public IJournalFile File { get; } = file;

    /// <summary>Size of the file; belongs to <see cref="SegmentList"/>.</summary>
    public long Bytes { get; set; } = bytes;

    public string Name => NameOf(Number);
    public string DamagedName => DamagedNameOf(Number);

    /// <summary>Where the durable groups end. Nothing at or beyond it may be read.</summary>
    public long End
    {
        get => Volatile.Read(ref _end);
        set => Volatile.Write(ref _end, value);
    }

    /// <summary>No group will be added; <see cref="End"/> is final.</summary>
    public bool IsSealed => _isSealed;

    public void Seal() => _isSealed = true;

    /// <summary>False while its last group may go with the power: no header may say then that it ends behind it.</summary>
    public bool HasSureEnd
    {
        get => _hasSureEnd;
        set => _hasSureEnd = value;
    }

    /// <summary>Its header is durable: a start that finds it knows how far numbers and times have come.</summary>
    public bool HasHeader => _hasHeader;

    public void HeaderIsDurable() => _hasHeader = true;

    /// <summary>Stretches below <see cref="End"/> that do not check out, in ascending order; set before the segment is read.</summary>
    public IReadOnlyList<(long From, long To)> Holes { get; set; } = [];

    /// <summary>Belongs to the thread that follows the journal (before that, to the one that recovers it).</summary>
    public SettledSet Settled { get; } = new();

    public static string NameOf(ulong number) => number.ToString("D20", CultureInfo.InvariantCulture) + Extension;

    public static string DamagedNameOf(ulong number) => number.ToString("D20", CultureInfo.InvariantCulture) + DamagedExtension;

    public static bool TryParseName(string name, out ulong number) => TryParseName(name, Extension, out number);

    public static bool TryParseDamagedName(string name, out ulong number) => TryParseName(name, DamagedExtension, out number);

    static bool TryParseName(string name, string extension, out ulong number)
    {
        number = 0;
        return name.Length == 20 + extension.Length && name.EndsWith(extension, StringComparison.Ordinal)
            && ulong.TryParse(name.AsSpan(0, 20), NumberStyles.None, CultureInfo.InvariantCulture, out number) && number > 0;
    }

    public void Dispose() => File.Dispose();
}

using Callbacks.Journal.Log;
using Callbacks.Time;

namespace Callbacks.Journal.Tools;

/// <summary>One file of a journal, and all that reading it told.</summary>
sealed class SurveyedSegment(ulong number, bool isSetAside, long bytes)
{
    public ulong Number => number;

    /// <summary>Found damaged by a service, which named it so when everything whole in it was settled.</summary>
    public bool IsSetAside { get; set; } = isSetAside;

    public string Name => IsSetAside ? Segment.DamagedNameOf(number) : Segment.NameOf(number);

    /// <summary>Size of the file.</summary>
    public long Bytes => bytes;

    public SegmentHeader? Header { get; set; }

    /// <summary>The header is not valid, and was once.</summary>
    public bool IsHeaderDamaged { get; set; }

    /// <summary>Of the life that wrote it; zero when nothing has been written to it.</summary>
    public uint Tag { get; set; }

    public bool IsSpare => Tag == 0;

    /// <summary>The one that is written to, by the look of the folder.</summary>
    public bool IsNewest { get; set; }

    /// <summary>Where a later segment says that it ends.</summary>
    public long? RecordedEnd { get; set; }

    /// <summary>Where its last group ends.</summary>
    public long End { get; set; } = Layout.SegmentHeaderBytes;

    public List<Damage> Damage { get; } = [];

    public int Groups { get; set; }
    public long Callbacks { get; set; }
    public ulong FirstNumber { get; set; }
    public ulong LastNumber { get; set; }
    public Instant FirstReceived { get; set; }
    public Instant LastReceived { get; set; }

    /// <summary>Which of its callbacks have a settle mark somewhere in the journal.</summary>
    public SettledSet Settled { get; set; } = new();

    public long PendingCallbacks { get; set; }
    public long PendingSightings { get; set; }
    public Instant? OldestPending { get; set; }

    public bool IsDamaged => IsHeaderDamaged || Damage.Count > 0;

    public string State =>
        IsSetAside ? "set aside" : IsDamaged ? "damaged" : IsSpare ? "spare" : IsNewest || PendingCallbacks > 0 ? "in use" : "settled";

    public string IdOf(ulong callback) => CallbackId.Format(Tag, callback);
}

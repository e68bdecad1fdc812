namespace Callbacks.Journal.Log;

/// <summary>
/// Reads what earlier lives left, while new callbacks come in: checks every group, and notes which callbacks are settled. It holds
/// two bits' worth of memory per callback at most; the callbacks themselves are read again when their turn comes.
/// </summary>
static class LogRecovery
{
    /// <summary>Returns what is damaged, a sentence each; the segments know their holes afterwards.</summary>
    public static List<string> Run(IReadOnlyList<(Segment Segment, long? RecordedEnd)> recovered, CancellationToken cancellationToken)
    {
        var damage = new List<string>();
        var marks = new SettleMarks();
        var reader = new GroupReader();
        foreach ((Segment segment, long? recordedEnd) in recovered)
        {
            cancellationToken.ThrowIfCancellationRequested();
            var holes = new List<(long From, long To)>();
            SegmentScan.Run(segment, recordedEnd, reader, holes, (in GroupHeader _, ReadOnlySpan<byte> group) => marks.Note(segment, group));
            segment.Holes = holes;
            damage.AddRange(holes.Select(hole => $"{segment.Name} is damaged from byte {hole.From} to {hole.To}."));
        }

        return damage;
    }
}

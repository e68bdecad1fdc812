namespace Callbacks.Journal.Log;

/// <summary>
/// Reads what earlier lives left, while new callbacks come in: checks every group, and notes which callbacks are settled. It holds
/// two bits' worth of memory per callback at most; the callbacks themselves are read again when their turn comes.
/// </summary>
static class LogRecovery
{
    static readonly TimeSpan FirstWait = TimeSpan.FromMilliseconds(10);

    /// <summary>Waits double and stay below this, five seconds together: then the disk is not going to take it.</summary>
    static readonly TimeSpan LastWait = TimeSpan.FromSeconds(5);

    /// <summary>Returns what is damaged, a sentence each; the segments know their holes afterwards.</summary>
    public static List<string> Run(
        IReadOnlyList<(Segment Segment, long? RecordedEnd)> recovered, IReadOnlyList<UnsureTail> unsure, CancellationToken cancellationToken)
    {
        var damage = new List<string>();
        foreach (UnsureTail tail in unsure)
        {
            if (!TrySecure(tail, cancellationToken))
                damage.Add($"The last group of {tail.Segment.Name} can't be written again; a power cut may take it away.");
        }

        var marks = new SettleMarks();
        var reader = new GroupReader();
        foreach ((Segment segment, long? recordedEnd) in recovered)
        {
            cancellationToken.ThrowIfCancellationRequested();
            var holes = new List<(long From, long To)>();
            SegmentScan.Run(segment, recordedEnd, reader, holes, (in GroupHeader _, ReadOnlySpan<byte> group) => marks.Note(segment, group));
            // One that could not even be searched has got one.
            segment.Holes = [.. segment.Holes, .. holes];
            damage.AddRange(holes.Select(hole => $"{segment.Name} is damaged from byte {hole.From} to {hole.To}."));
        }

        return damage;
    }

    /// <summary>Before anything is looked up: of a callback that was refused, and goes with the power, a part must not count.</summary>
    static bool TrySecure(UnsureTail tail, CancellationToken cancellationToken)
    {
        for (TimeSpan wait = FirstWait; !tail.TrySecure(); wait *= 2)
        {
            if (wait > LastWait)
                return false;
            cancellationToken.WaitHandle.WaitOne(wait);
            cancellationToken.ThrowIfCancellationRequested();
        }

        return true;
    }
}

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
        var numbers = new List<(ulong First, ulong Last, Segment Segment)>();
        var reader = new GroupReader();
        foreach ((Segment segment, long? recordedEnd) in recovered)
        {
            cancellationToken.ThrowIfCancellationRequested();
            var holes = new List<(long From, long To)>();
            ulong first = 0, last = 0;
            SegmentScan.Run(segment, recordedEnd, reader, holes, Note);
            segment.Holes = holes;
            damage.AddRange(holes.Select(hole => $"{segment.Name} is damaged from byte {hole.From} to {hole.To}."));

            void Note(in GroupHeader header, ReadOnlySpan<byte> group)
            {
                var frames = new FrameReader(group);
                while (frames.Next())
                {
                    if (frames.Kind == Layout.CallbackKind)
                    {
                        last = frames.Callback.Number;
                        if (first == 0)
                        {
                            first = last;
                            numbers.Add((first, last, segment));
                        }

                        numbers[^1] = (first, last, segment);
                    }
                    else if (frames.Kind == Layout.SettledKind)
                    {
                        foreach (ulong run in frames.Runs)
                            Settle(numbers, run);
                    }
                }
            }
        }

        return damage;
    }

    static void Settle(List<(ulong First, ulong Last, Segment Segment)> numbers, ulong run)
    {
        (ulong first, int length) = SettledRuns.Unpack(run);
        for (ulong number = first; number < first + (ulong)length; number++)
        {
            // Marks follow their callbacks closely, so the search from the newest end is short.
            for (int i = numbers.Count - 1; i >= 0; i--)
            {
                if (numbers[i].First > number)
                    continue;
                // Beyond the last: a segment that is gone, or a mark that outlived a damaged callback.
                if (number <= numbers[i].Last)
                    numbers[i].Segment.Settled.Add(number);
                break;
            }
        }
    }
}

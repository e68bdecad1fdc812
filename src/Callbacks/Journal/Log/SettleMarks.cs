namespace Callbacks.Journal.Log;

/// <summary>Takes the settle marks of a log, read from its oldest segment on, to the segments that hold the callbacks: a bit per callback.</summary>
sealed class SettleMarks
{
    readonly List<(ulong First, ulong Last, Segment Segment)> _numbers = [];

    /// <summary>The next group of the log. One that is noted twice changes nothing.</summary>
    public void Note(Segment segment, ReadOnlySpan<byte> group)
    {
        var frames = new FrameReader(group);
        while (frames.Next())
        {
            if (frames.Kind == Layout.CallbackKind)
            {
                Extend(segment, frames.Callback.Number);
            }
            else if (frames.Kind == Layout.SettledKind)
            {
                foreach (ulong run in frames.Runs)
                    Settle(run);
            }
        }
    }

    void Extend(Segment segment, ulong number)
    {
        if (_numbers.Count == 0 || _numbers[^1].Segment != segment)
            _numbers.Add((number, number, segment));
        else if (number > _numbers[^1].Last)
            _numbers[^1] = _numbers[^1] with { Last = number };
    }

    void Settle(ulong run)
    {
        (ulong first, int length) = SettledRuns.Unpack(run);
        for (ulong number = first; number < first + (ulong)length; number++)
        {
            // Marks follow their callbacks closely, so the search from the newest end is short.
            for (int i = _numbers.Count - 1; i >= 0; i--)
            {
                if (_numbers[i].First > number)
                    continue;
                // Beyond the last: a segment that is gone, or a mark that outlived a damaged callback.
                if (number <= _numbers[i].Last)
                    _numbers[i].Segment.Settled.Add(number);
                break;
            }
        }
    }
}

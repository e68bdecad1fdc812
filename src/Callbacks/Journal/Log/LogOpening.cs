using Callbacks.Journal.Disk;
using Callbacks.Time;

namespace Callbacks.Journal.Log;

/// <summary>
/// What a start does before it accepts: reads the headers, finds the tail of the newest segment, and takes a fresh segment. It
/// reads one segment at most, however much is pending; the rest is <see cref="LogRecovery"/>'s.
/// </summary>
sealed class LogOpening
{
    /// <summary>
    /// Numbers of appends that were never durable may be above the highest that is found; a new life keeps clear of them.
    /// </summary>
    const ulong NumberGap = 1 << 20;

    readonly IJournalDisk _disk;
    readonly JournalOptions _options;
    readonly SortedDictionary<ulong, Found> _found = [];
    readonly List<(ulong Number, IJournalFile File)> _unused = [];

    public LogOpening(IJournalDisk disk, JournalOptions options, Func<uint> drawTag)
    {
        (_disk, _options) = (disk, options);
        ReadHeaders();
        RemoveSettled();
        SetAsideUnused();
        do
            Tag = drawTag();
        while (Tag == 0 || _found.Values.Any(found => found.Segment.Tag == Tag));
    }

    /// <summary>Of this life.</summary>
    public uint Tag { get; }

    /// <summary>Segments of this life have this number or a higher one.</summary>
    public ulong FirstNumber { get; private set; }

    /// <summary>Oldest first; the last is the fresh one, if there is one.</summary>
    public SegmentList Segments { get; } = new();

    /// <summary>Of earlier lives, oldest first, with the end that a later header recorded, if one did.</summary>
    public IReadOnlyList<(Segment Segment, long? RecordedEnd)> Recovered => [.. _found.Values.Select(found => (found.Segment, found.RecordedEnd))];

    /// <summary>Tails of earlier lives that the disk would not take again.</summary>
    public IReadOnlyList<UnsureTail> Unsure => _unsure;

    public ulong LastNumber { get; private set; }
    public Instant LastReceived { get; private set; }
    public IReadOnlyList<string> Damage => _damage;

    readonly List<string> _damage = [];
    readonly List<UnsureTail> _unsure = [];

    /// <summary>Takes the fresh segment; from here on callbacks can be accepted. Returns it with the supply that it came from.</summary>
    /// <returns>No segment when there is no room for one, but something to settle that will make room.</returns>
    public (Segment? Fresh, SegmentSupply Supply) Start(ILogger<SegmentSupply> logger)
    {
        FindTail();
        FirstNumber = _found.Count == 0 ? 1 : _found.Keys.Max() + 1;
        var supply = new SegmentSupply(_disk, Segments, _options, FirstNumber, logger);
        foreach ((ulong number, IJournalFile file) in _unused)
            supply.AddPrepared(number, file);
        foreach (Found found in _found.Values)
            Segments.Add(found.Segment);
        if (LastNumber > 0)
            LastNumber += NumberGap;
        try
        {
            return (TakeFresh(supply), supply);
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException && _found.Count > 0)
        {
            return (null, supply);
        }
    }

    Segment TakeFresh(SegmentSupply supply)
    {
        if (supply.Spares == 0)
            supply.PrepareOne();
        if (!supply.TryTake(out ulong number, out IJournalFile file))
            throw new IOException(supply.Problem);
        var fresh = new Segment(number, Tag, file, file.Length);
        byte[] header = new byte[Layout.SegmentHeaderBytes];
        SegmentHeader.For(fresh, Segments, LastNumber, LastReceived).Write(header);
        // Whatever becomes of it, its number is used up: the headers to come have to tell that it was there, or it would look lost.
        Segments.Add(fresh);
        try
        {
            file.Write(header, 0);
            file.Flush();
        }
        catch
        {
            fresh.Seal();
            throw;
        }

        fresh.HeaderIsDurable();
        return fresh;
    }

    void ReadHeaders()
    {
        byte[] block = new byte[Layout.SegmentHeaderBytes];
        foreach (ulong number in _disk.List().Where(name => Segment.TryParseName(name, out _)).Select(Number).Order())
        {
            IJournalFile file = _disk.Open(Segment.NameOf(number));
            // A block that can't be read is as good as a damaged one: it must not keep new callbacks out.
            TagSearch.TryRead(file, block, 0, out int read);
            var found = new Found(number, file, SegmentHeader.Read(block.AsSpan(0, read), number));
            if (found.Header is not null)
                found.Segment.HeaderIsDurable();
            _found[number] = found;
        }

        // Newest last, so that the last word on an end is the one that stands.
        foreach (SegmentHeader header in _found.Values.Select(found => found.Header).OfType<SegmentHeader>().ToArray())
        {
            foreach (SegmentEnd end in header.Earlier)
            {
                if (_found.TryGetValue(end.Segment, out Found? earlier))
                    earlier.Record(end);
            }
        }
    }

    static ulong Number(string name) => Segment.TryParseName(name, out ulong number) ? number : 0;

    void RemoveSettled()
    {
        ulong lowestLive = _found.Values.LastOrDefault(found => found.Header is not null)?.Header!.LowestLive ?? 0;
        foreach (Found found in _found.Values.Where(found => found.Number < lowestLive).ToArray())
        {
            found.Segment.Dispose();
            _disk.Delete(found.Segment.Name);
            _disk.FlushFolder();
            _found.Remove(found.Number);
        }
    }

    /// <summary>Files above the newest header are spares, unless a group is found in one: then its header is damaged.</summary>
    void SetAsideUnused()
    {
        ulong[] listed = [.. _found.Keys];
        foreach (Found found in _found.Values.Where(found => found.Header is null).Reverse().ToArray())
        {
            uint? tag = TagSearch.Run(found.Segment.File, found.Number, out bool isDamaged);
            if (isDamaged)
                _damage.Add(tag is null ? $"{found.Segment.Name} can't be read." : $"The header of {found.Segment.Name} is damaged.");
            if (found.RecordedEnd is not null)
                continue;
            if (tag is { } known)
            {
                found.Record(new SegmentEnd(found.Number, known, 0));
                found.ForgetEnd();
                continue;
            }

            if (isDamaged)
            {
                // Whatever was in it: it's set aside, and not used again.
                found.Record(new SegmentEnd(found.Number, 0, Layout.SegmentHeaderBytes));
                found.Segment.Holes = [(Layout.SegmentHeaderBytes, found.Segment.Bytes)];
                // The next start may be able to read it: no header may say that it is empty.
                found.Segment.HasSureEnd = false;
                continue;
            }

            if (_found.Keys.Last() != found.Number)
            {
                // Never written, or lost with the power before anything in it counted. It goes when its turn comes, or it would look missing.
                found.Record(new SegmentEnd(found.Number, 0, Layout.SegmentHeaderBytes));
                continue;
            }

            _found.Remove(found.Number);
            if (found.Segment.File.Length == _options.SegmentBytes)
            {
                _unused.Insert(0, (found.Number, found.Segment.File));
            }
            else
            {
                found.Segment.Dispose();
                _disk.Delete(found.Segment.Name);
            }
        }

        foreach ((ulong number, Found found) in _found)
        {
            // A file without content is not missing: its first write may have failed, and that of the next one been torn.
            if (number != _found.Keys.First() && !listed.Contains(number - 1))
                _damage.Add($"Segment {Segment.NameOf(number - 1)} is missing.");
        }

        // Spares are used in order, right after the newest segment; others are made anew.
        ulong next = _found.Count == 0 ? 1 : _found.Keys.Max() + 1;
        foreach ((ulong number, IJournalFile file) in _unused.ToArray())
        {
            if (number == next)
            {
                next++;
                continue;
            }

            _unused.Remove((number, file));
            file.Dispose();
            _disk.Delete(Segment.NameOf(number));
        }
    }

    void FindTail()
    {
        if (_found.Count == 0)
            return;

        int lastBytes = 0;
        foreach (Found found in _found.Values)
        {
            if (found.Header is { } header)
            {
                LastNumber = Math.Max(LastNumber, header.LastNumber);
                LastReceived = Instant.Max(LastReceived, header.LastReceived);
            }

            // The newest, and one whose successor left no header: a crash may have torn their tails.
            if (found.RecordedEnd is { } end)
            {
                found.Segment.End = end;
            }
            else
            {
                lastBytes = 0;
                var holes = new List<(long From, long To)>();
                found.Segment.End = SegmentScan.Run(found.Segment, null, new GroupReader(), holes, Note);
                // What stands behind the last whole group may not be readable, today: nobody knows then whether it is more than a torn tail.
                long to = holes.Count > 0 && holes[^1].To == found.Segment.End ? holes[^1].From : found.Segment.End;
                // A disk that fails on old data is no reason to accept no new ones: what is unsure then is secured before it is looked up.
                long from = to - lastBytes;
                var tail = new UnsureTail(found.Segment, from == Layout.SegmentHeaderBytes && found.Header is not null ? 0 : from, to);
                if (!tail.TrySecure())
                    _unsure.Add(tail);
            }

            found.Segment.Seal();
        }

        void Note(in GroupHeader group, ReadOnlySpan<byte> bytes)
        {
            lastBytes = group.PaddedBytes;
            var frames = new FrameReader(bytes);
            while (frames.Next())
            {
                if (frames.Kind == Layout.CallbackKind)
                {
                    LastNumber = Math.Max(LastNumber, frames.Callback.Number);
                    LastReceived = Instant.Max(LastReceived, frames.Callback.ReceivedAt);
                }
            }
        }
    }

    sealed class Found(ulong number, IJournalFile file, SegmentHeader? header)
    {
        public ulong Number => number;
        public SegmentHeader? Header => header;
        public Segment Segment { get; private set; } = new(number, header?.Tag ?? 0, file, file.Length);
        public long? RecordedEnd { get; private set; }

        public void Record(SegmentEnd end)
        {
            RecordedEnd = end.End;
            if (header is null)
                Segment = new Segment(number, end.Tag, file, Segment.Bytes);
        }

        public void ForgetEnd() => RecordedEnd = null;
    }
}

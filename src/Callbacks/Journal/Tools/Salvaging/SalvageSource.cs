using System.Globalization;
using Callbacks.Journal.Disk;
using Callbacks.Journal.Log;
using Callbacks.Time;

namespace Callbacks.Journal.Tools.Salvaging;

/// <summary>A callback as it was received once.</summary>
sealed record SalvagedCallback(ulong Number, string Id, Instant ReceivedAt, bool IsSettled, long[] Ids);

/// <summary>What is whole in one segment, wherever it lies, with what the journal around it, if there is one, tells of it.</summary>
sealed record SalvageSource(SurveyedSegment Segment, IReadOnlyList<SalvagedCallback> Callbacks)
{
    /// <param name="file">A segment, or a copy of one.</param>
    /// <param name="number">Of the segment, for a copy of another name whose header is damaged.</param>
    /// <param name="stopping">Ends the reading.</param>
    public static SalvageSource Read(string file, ulong? number, CancellationToken stopping)
    {
        if (!File.Exists(file))
            throw new ToolException($"There is no file '{file}'.");
        string name = Path.GetFileName(file);
        string around = Path.GetDirectoryName(Path.GetFullPath(file))!;
        bool isInJournal = Log.Segment.TryParseName(name, out ulong named) || Log.Segment.TryParseDamagedName(name, out named);
        if (isInJournal && Log.Segment.TryParseName(name, out _) && LockHolder.Find(around) is { } process)
            throw new ToolException($"'{file}' belongs to the journal that process {process} uses: it reads what is whole in it by itself.");

        ulong known = number ?? (isInJournal ? named : NumberInHeader(file));
        IJournalFolder folder = isInJournal ? new ReadOnlyFolder(around) : new SingleFileFolder(file, Log.Segment.NameOf(known));
        SurveyedSegment segment = JournalSurvey.Read(folder, stopping).Segments.FirstOrDefault(segment => segment.Number == known && (!isInJournal || segment.Name == name))
            ?? throw new ToolException($"'{file}' went away while it was read.");
        if (segment.IsSpare)
            throw new ToolException($"No whole group is in '{file}': it is no segment, or an unused one, or damaged throughout.");

        var callbacks = new List<SalvagedCallback>();
        SegmentReading.Read(folder, segment, _ => true, callback => callbacks.Add(new SalvagedCallback(
            callback.Number, segment.IdOf(callback.Number), callback.ReceivedAt, segment.Settled.Contains(callback.Number), callback.Ids.ToArray())));
        return new SalvageSource(segment, callbacks);
    }

    static ulong NumberInHeader(string file)
    {
        using var opened = new ReadOnlyFile(file);
        byte[] block = new byte[Layout.SegmentHeaderBytes];
        int read = opened.Read(block, 0);
        ulong number = SegmentHeader.ReadNumber(block.AsSpan(0, read));
        return SegmentHeader.Read(block.AsSpan(0, read), number) is not null
            ? number
            : throw new ToolException(string.Create(
                CultureInfo.InvariantCulture, $"'{file}' has no whole header. If it is a segment, give its number (the digits of its name in the journal) with --number."));
    }
}

using Callbacks.Time;

namespace Callbacks.Sweep;

/// <summary>A row to delete: as it was read, and the moment since when nothing has covered it.</summary>
readonly record struct DueRow(long Id, Instant LastSeen, Instant DueAt)
{
    /// <summary>The rows that are not among the deleted.</summary>
    public static DueRow[] FindLeft(ReadOnlySpan<DueRow> rows, List<long> deleted)
    {
        if (deleted.Count == rows.Length)
            return [];
        HashSet<long> gone = [.. deleted];
        var left = new List<DueRow>();
        foreach (DueRow row in rows)
        {
            if (!gone.Contains(row.Id))
                left.Add(row);
        }

        return [.. left];
    }
}

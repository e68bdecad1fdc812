using Callbacks.Time;

namespace Callbacks.Sweep;

/// <summary>A row to delete: as it was read, and the moment since when nothing has covered it.</summary>
readonly record struct DueRow(long Id, Instant LastSeen, Instant DueAt)
{
    /// <summary>When the oldest of the rows was seen that are not among the deleted; null if there is none.</summary>
    public static Instant? FindOldestLeft(ReadOnlySpan<DueRow> rows, List<long> deleted)
    {
        if (deleted.Count == rows.Length)
            return null;
        HashSet<long> gone = [.. deleted];
        Instant oldest = Instant.MaxValue;
        foreach (DueRow row in rows)
        {
            if (!gone.Contains(row.Id))
                oldest = Instant.Min(oldest, row.LastSeen);
        }

        // A row may be among them twice.
        return oldest == Instant.MaxValue ? null : oldest;
    }
}

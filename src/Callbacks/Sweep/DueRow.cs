using Callbacks.Time;

namespace Callbacks.Sweep;

/// <summary>A row to delete: as it was read, and the moment since when nothing has covered it.</summary>
readonly record struct DueRow(long Id, Instant LastSeen, Instant DueAt);

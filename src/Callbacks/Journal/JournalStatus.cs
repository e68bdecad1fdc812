using Callbacks.Time;

namespace Callbacks.Journal;

/// <summary>How the journal is.</summary>
/// <param name="IsRecovering">Earlier segments are still being read; nothing is swept until then.</param>
/// <param name="Problem">Why callbacks are refused; null while they are accepted.</param>
/// <param name="SpareProblem">Why they will be when the current segment is full; null while all is well.</param>
/// <param name="Damage">What recovery or reading found damaged, a sentence each. Nothing of it was deleted.</param>
/// <param name="OldestPending">Receive time of the oldest callback that is not settled; null when all are.</param>
readonly record struct JournalStatus(
    bool IsRecovering, string? Problem, string? SpareProblem, IReadOnlyList<string> Damage, int Segments, long Bytes, int Spares, Instant? OldestPending);

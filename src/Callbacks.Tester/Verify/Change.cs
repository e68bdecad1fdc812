namespace Callbacks.Tester.Verify;

enum ChangeKind : byte
{
    Insert,
    Update,
    Delete,
}

/// <summary>
/// One row of <c>objects_audit</c>. <see cref="At"/> was read while the statement ran, so it is later than the service's decision and
/// earlier than the commit. An insert has no old values, a delete no new ones: those are 0 and false.
/// </summary>
readonly record struct Change(
    long Sequence, long At, ChangeKind Kind, long Id, bool OldOnline, long OldLastSeen, bool Online, long LastSeen);

/// <summary>A row of <c>objects</c>.</summary>
readonly record struct TableRow(long Id, bool Online, long LastSeen);

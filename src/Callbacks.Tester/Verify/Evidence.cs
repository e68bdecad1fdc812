using Callbacks.Tester.Records;

namespace Callbacks.Tester.Verify;

/// <summary>All that a verdict goes by, in memory, so that it can be passed on histories made by hand.</summary>
sealed record Evidence
{
    public required Ledger Ledger { get; init; }

    /// <summary>In the order of the file, with the marks of listening and being away.</summary>
    public required LookupRecord[] Lookups { get; init; }

    /// <summary>Null when nobody put the trigger on the table.</summary>
    public Change[]? Changes { get; init; }

    /// <summary>Since when changes are recorded.</summary>
    public long AuditFrom { get; init; }

    /// <summary>From the same snapshot as the changes.</summary>
    public required TableRow[] Table { get; init; }

    /// <summary>When the table was read: the end of the records.</summary>
    public required long ReadAt { get; init; }

    /// <summary>What a test did to the parts on purpose.</summary>
    public IReadOnlyList<Outage> Outages { get; init; } = [];
}

enum OutageKind
{
    Service,
    Postgres,
    Upstream,

    /// <summary>All of them: the machine, or its disk, stood still.</summary>
    Machine,
}

/// <summary>A part that was not there, from when until when.</summary>
readonly record struct Outage(long Start, long End, OutageKind Kind);

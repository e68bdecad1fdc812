namespace Callbacks.Journal.Pending;

/// <summary>Why a lookup brought no usable answer. The last one of an id is the reason when its sighting expires.</summary>
enum LookupFailure : byte
{
    /// <summary>No lookup was tried, or none failed.</summary>
    None,

    /// <summary>No connection, or it broke.</summary>
    Connection,

    Timeout,

    /// <summary>429 or 503: the upstream asks for less.</summary>
    Throttled,

    /// <summary>Any other status that is no answer.</summary>
    Status,

    /// <summary>Not JSON of the agreed shape, another id, or too long.</summary>
    Malformed,
}

/// <summary>A usable answer of the upstream.</summary>
enum LookupAnswer : byte
{
    Online,
    Offline,

    /// <summary>404 or 410.</summary>
    Unknown,
}

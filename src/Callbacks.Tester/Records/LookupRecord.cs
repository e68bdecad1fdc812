namespace Callbacks.Tester.Records;

/// <summary>What became of a lookup, as the upstream saw it. The numbers are the file's.</summary>
enum LookupOutcome : byte
{
    /// <summary>No lookup: from this moment on the upstream accepted connections.</summary>
    Listening = 1,

    /// <summary>No lookup: from this moment on the upstream refused connections.</summary>
    Away = 2,

    Online = 10,
    Offline = 11,

    /// <summary>404 or 410.</summary>
    Unknown = 12,

    /// <summary>Another status than 200, 404 and 410; which one is in the record.</summary>
    ErrorStatus = 20,
    WrongId = 21,
    Malformed = 22,
    Endless = 23,
    Reset = 24,

    /// <summary>Never answered on purpose; ended when the client gave up.</summary>
    Hang = 25,

    /// <summary>An answer in dribs, which the client didn't wait for. Whoever does wait for it has a good answer, logged as such.</summary>
    Trickle = 26,

    /// <summary>10 MiB, taken or not.</summary>
    Large = 27,

    /// <summary>The client went away before a good answer was sent: it can't have used it.</summary>
    NotAnswered = 30,
}

/// <summary>One lookup. Begun when its request had been read, ended when its answer, or a trickle's last byte, began to be sent (or would have been).</summary>
readonly record struct LookupRecord(long Id, long Start, long End, LookupOutcome Outcome, ushort Status = 0)
{
    /// <summary>An answer that settles a sighting.</summary>
    public bool IsGood => Outcome is LookupOutcome.Online or LookupOutcome.Offline or LookupOutcome.Unknown;

    /// <summary>It failed, and the upstream's doing is why.</summary>
    public bool IsUpstreamsFault => Outcome is >= LookupOutcome.ErrorStatus and <= LookupOutcome.Large;

    public bool IsLookup => Outcome > LookupOutcome.Away;
}

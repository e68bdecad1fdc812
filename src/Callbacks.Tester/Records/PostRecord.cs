namespace Callbacks.Tester.Records;

/// <summary>What became of a POST, as its sender saw it. The numbers are the file's.</summary>
enum PostOutcome : byte
{
    Answered = 0,

    /// <summary>No connection: nothing was sent, so it can have had no effect.</summary>
    Refused = 1,

    /// <summary>Reset or closed before an answer; may go either way.</summary>
    Closed = 2,

    /// <summary>The sender's patience ended; may go either way.</summary>
    Timeout = 3,

    /// <summary>Something else went wrong, such as an answer that is no HTTP; may go either way.</summary>
    Other = 4,
}

/// <summary>
/// One POST. <see cref="ReceivedAt"/> and <see cref="CallbackId"/> are of the 202's body, and 0 and empty where there was none that could
/// be read.
/// </summary>
sealed record PostRecord(
    long SendStart, long SendEnd, PostOutcome Outcome, ushort Status, long ReceivedAt, string CallbackId, IReadOnlyList<long> Ids)
{
    /// <summary>Accepted: each id in it is a sighting.</summary>
    public bool IsAcknowledged => Outcome == PostOutcome.Answered && Status is >= 200 and < 300;

    /// <summary>No answer, or a 5xx, which is like none: the callback counts whole or not at all, and only what came of it tells.</summary>
    public bool MayCount => Outcome == PostOutcome.Answered ? Status >= 500 : Outcome != PostOutcome.Refused;
}

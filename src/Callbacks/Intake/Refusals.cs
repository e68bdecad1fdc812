using Callbacks.Problems;

namespace Callbacks.Intake;

/// <summary>Why a callback is not accepted.</summary>
static class Refusals
{
    public static readonly Problem Encoded = new(
        ProblemType.ContentEncoding, "The body is encoded.", StatusCodes.Status415UnsupportedMediaType,
        "A body is read as it is: send it without Content-Encoding.");

    public static readonly Problem Ambiguous = Bad(
        ProblemType.AmbiguousLength, "The length of the body is ambiguous.", "Content-Length and Transfer-Encoding exclude each other.");

    public static readonly Problem NotDurable = new(
        ProblemType.NotDurable, "The callback could not be kept.", StatusCodes.Status503ServiceUnavailable,
        "It could not be written to stable storage in time. Send it again.")
    {
        RetryAfterSeconds = 1,
    };

    public static Problem TooLarge(int bytesMax) =>
        new(ProblemType.BodyTooLarge, "The body is too large.", StatusCodes.Status413PayloadTooLarge, $"A body may have up to {bytesMax} bytes.");

    /// <summary>The server found the request itself broken while reading its body: cut off, too slow, badly framed.</summary>
    public static Problem BadRequest(int status, string reason) => new(ProblemType.BadRequest, "The request can't be read.", status, reason);

    public static Problem Of(ParseResult result, int idsMax) => result.Outcome switch
    {
        ParseOutcome.NotJson => Bad(ProblemType.NotJson, "The body is not JSON.",
            $"It stops being JSON at line {result.Line}, byte {result.LineByte}, both counted from 0."),
        ParseOutcome.NotAnObject => Bad(ProblemType.NotAnObject, "The body is not an object.", "It must be an object with a list \"object_ids\"."),
        ParseOutcome.FieldMissing => Bad(ProblemType.NoObjectIds, "There is no \"object_ids\".", "The body must have a list \"object_ids\"."),
        ParseOutcome.FieldTwice => Bad(ProblemType.ObjectIdsTwice, "There is more than one \"object_ids\".", "Which one is meant can't be known."),
        ParseOutcome.NotAList => Bad(ProblemType.NotAList, "\"object_ids\" is not a list.", "It must be a list of 64-bit integers."),
        ParseOutcome.NotAnId => Bad(ProblemType.NotAnId, "An element of \"object_ids\" is not an id.",
            $"Element {result.Element}, counted from 0, is not a 64-bit integer."),
        ParseOutcome.TooManyIds => new Problem(ProblemType.TooManyIds, "There are too many ids.", StatusCodes.Status422UnprocessableEntity,
            $"\"object_ids\" may have up to {idsMax} elements, duplicates included."),
        _ => throw new ArgumentOutOfRangeException(nameof(result)),
    };

    static Problem Bad(string type, string title, string detail) => new(type, title, StatusCodes.Status400BadRequest, detail);
}

using System.Buffers;
using System.Text.Encodings.Web;
using System.Text.Json;

namespace Callbacks.Intake;

/// <summary>A refusal as <c>application/problem+json</c> (RFC 9457). The type is stable: clients may go by it.</summary>
sealed record Problem(int Status, string Type, string Title, string Detail)
{
    const string TypePrefix = "urn:callback:problem:";

    // Never part of a page, so quotes may stay readable.
    static readonly JsonWriterOptions Readable = new() { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping };

    public static Problem TooLarge(int bytesMax) =>
        new(StatusCodes.Status413PayloadTooLarge, "body-too-large", "The body is too large.", $"A body may have up to {bytesMax} bytes.");

    public static readonly Problem Encoded = new(
        StatusCodes.Status415UnsupportedMediaType, "content-encoding", "The body is encoded.",
        "A body is read as it is: send it without Content-Encoding.");

    public static readonly Problem Ambiguous = new(
        StatusCodes.Status400BadRequest, "ambiguous-length", "The length of the body is ambiguous.",
        "Content-Length and Transfer-Encoding exclude each other.");

    public static readonly Problem NotDurable = new(
        StatusCodes.Status503ServiceUnavailable, "not-durable", "The callback could not be kept.",
        "It could not be written to stable storage in time. Send it again.");

    /// <summary>The server found the request itself broken while reading its body: cut off, too slow, badly framed.</summary>
    public static Problem BadRequest(int status, string reason) => new(status, "bad-request", "The request can't be read.", reason);

    public static Problem Of(ParseResult result, int idsMax) => result.Outcome switch
    {
        ParseOutcome.NotJson => Bad("not-json", "The body is not JSON.",
            $"It stops being JSON at line {result.Line}, byte {result.LineByte}, both counted from 0."),
        ParseOutcome.NotAnObject => Bad("not-an-object", "The body is not an object.", "It must be an object with a list \"object_ids\"."),
        ParseOutcome.FieldMissing => Bad("no-object-ids", "There is no \"object_ids\".", "The body must have a list \"object_ids\"."),
        ParseOutcome.FieldTwice => Bad("object-ids-twice", "There is more than one \"object_ids\".", "Which one is meant can't be known."),
        ParseOutcome.NotAList => Bad("not-a-list", "\"object_ids\" is not a list.", "It must be a list of 64-bit integers."),
        ParseOutcome.NotAnId => Bad("not-an-id", "An element of \"object_ids\" is not an id.",
            $"Element {result.Element}, counted from 0, is not a 64-bit integer."),
        ParseOutcome.TooManyIds => new Problem(StatusCodes.Status422UnprocessableEntity, "too-many-ids", "There are too many ids.",
            $"\"object_ids\" may have up to {idsMax} elements, duplicates included."),
        _ => throw new ArgumentOutOfRangeException(nameof(result)),
    };

    static Problem Bad(string type, string title, string detail) => new(StatusCodes.Status400BadRequest, type, title, detail);

    public async Task WriteToAsync(HttpResponse response)
    {
        ArrayBufferWriter<byte> body = new();
        using (Utf8JsonWriter json = new(body, Readable))
        {
            json.WriteStartObject();
            json.WriteString("type"u8, TypePrefix + Type);
            json.WriteString("title"u8, Title);
            json.WriteNumber("status"u8, Status);
            json.WriteString("detail"u8, Detail);
            json.WriteEndObject();
        }

        response.StatusCode = Status;
        response.ContentType = "application/problem+json";
        response.ContentLength = body.WrittenCount;
        await response.BodyWriter.WriteAsync(body.WrittenMemory);
    }
}

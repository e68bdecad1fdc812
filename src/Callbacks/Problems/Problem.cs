using System.Buffers;
using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.Json.Serialization;

namespace Callbacks.Problems;

/// <summary>An answer of 4xx or 5xx as <c>application/problem+json</c> (RFC 9457).</summary>
/// <param name="Type">One of <see cref="ProblemType"/>, without its prefix.</param>
/// <param name="Reasons">A sentence for each thing that is not as it should be, where there may be several.</param>
sealed record Problem(string Type, string Title, int Status, string Detail, IReadOnlyList<string>? Reasons = null) : IResult
{
    public const string ContentType = "application/problem+json";

    // Never part of a page, so quotes may stay readable.
    static readonly JsonWriterOptions Readable = new() { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping };

    /// <summary>When it is worth asking again; null: not before something has changed.</summary>
    [JsonIgnore]
    public int? RetryAfterSeconds { get; init; }

    public Task ExecuteAsync(HttpContext httpContext) => WriteToAsync(httpContext.Response);

    public async Task WriteToAsync(HttpResponse response)
    {
        ArrayBufferWriter<byte> body = new();
        using (Utf8JsonWriter json = new(body, Readable))
        {
            json.WriteStartObject();
            json.WriteString("type"u8, ProblemType.Prefix + Type);
            json.WriteString("title"u8, Title);
            json.WriteNumber("status"u8, Status);
            json.WriteString("detail"u8, Detail);
            if (Reasons is not null)
            {
                json.WriteStartArray("reasons"u8);
                foreach (string reason in Reasons)
                    json.WriteStringValue(reason);
                json.WriteEndArray();
            }

            json.WriteEndObject();
        }

        if (RetryAfterSeconds is { } seconds)
            response.Headers.RetryAfter = seconds.ToString();
        response.StatusCode = Status;
        response.ContentType = ContentType;
        response.ContentLength = body.WrittenCount;
        await response.BodyWriter.WriteAsync(body.WrittenMemory);
    }
}

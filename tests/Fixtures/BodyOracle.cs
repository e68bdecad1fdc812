using System.Text.Json;

namespace Callbacks.Fixtures;

/// <summary>What <c>POST /callback</c> must make of a body, said by System.Text.Json, which reads all of it into a document first.</summary>
static class BodyOracle
{
    static readonly JsonDocumentOptions Strict = new() { MaxDepth = 64 };

    /// <returns>The distinct ids in the order of their first occurrence; null: the body is to be refused.</returns>
    public static long[]? Ids(byte[] body, int idsMax)
    {
        ReadOnlyMemory<byte> text = body.AsSpan().StartsWith("\uFEFF"u8) ? body.AsMemory(3) : body;
        try
        {
            using JsonDocument document = JsonDocument.Parse(text, Strict);
            if (document.RootElement.ValueKind != JsonValueKind.Object)
                return null;

            JsonElement[] fields = [.. document.RootElement.EnumerateObject().Where(field => field.NameEquals("object_ids")).Select(field => field.Value)];
            if (fields.Length != 1 || fields[0].ValueKind != JsonValueKind.Array || fields[0].GetArrayLength() > idsMax)
                return null;

            List<long> ids = [];
            foreach (JsonElement element in fields[0].EnumerateArray())
            {
                if (element.ValueKind != JsonValueKind.Number || !element.TryGetInt64(out long id))
                    return null;

                ids.Add(id);
            }

            return [.. ids.Distinct()];
        }
        catch (Exception exception) when (exception is JsonException or InvalidOperationException)
        {
            return null;
        }
    }
}

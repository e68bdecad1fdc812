using System.Text.Json;
using Callbacks.Journal.Pending;

namespace Callbacks.Lookup;

/// <summary>
/// Reads <c>{"id":1,"online":true}</c>. The upstream is not trusted: the id must be the one asked for, <c>online</c> must be a boolean,
/// each must stand there once; fields that are not known are skipped.
/// </summary>
static class AnswerParser
{
    /// <summary>Null when the bytes are no usable answer.</summary>
    public static LookupAnswer? Parse(ReadOnlySpan<byte> json, long id)
    {
        try
        {
            var reader = new Utf8JsonReader(json, new JsonReaderOptions { MaxDepth = 16 });
            if (!reader.Read() || reader.TokenType != JsonTokenType.StartObject)
                return null;

            bool? online = null;
            bool hasId = false;
            while (reader.Read() && reader.TokenType == JsonTokenType.PropertyName)
            {
                if (reader.ValueTextEquals("id"u8))
                {
                    if (hasId || !reader.Read() || reader.TokenType != JsonTokenType.Number || !reader.TryGetInt64(out long answered) || answered != id)
                        return null;
                    hasId = true;
                }
                else if (reader.ValueTextEquals("online"u8))
                {
                    if (online is not null || !reader.Read() || reader.TokenType is not (JsonTokenType.True or JsonTokenType.False))
                        return null;
                    online = reader.GetBoolean();
                }
                else
                {
                    reader.Skip();
                }
            }

            // The last read either stopped at the object's end, or threw; another one throws on anything that follows.
            if (reader.TokenType != JsonTokenType.EndObject || reader.Read() || !hasId || online is null)
                return null;
            return online.Value ? LookupAnswer.Online : LookupAnswer.Offline;
        }
        catch (Exception exception) when (exception is JsonException or InvalidOperationException)
        {
            // The latter when an escaped name is half a surrogate pair.
            return null;
        }
    }
}

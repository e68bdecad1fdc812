using System.Buffers;
using System.Text.Json;

namespace Callbacks.Intake;

/// <summary>What became of one body.</summary>
enum ParseOutcome
{
    Accepted,
    NotJson,
    NotAnObject,
    FieldMissing,
    FieldTwice,
    NotAList,
    NotAnId,
    TooManyIds,
}

/// <summary>
/// The outcome and where it was decided: <see cref="Element"/> is the index of the refused element (<see cref="ParseOutcome.NotAnId"/>),
/// <see cref="Line"/> and <see cref="LineByte"/>, both counted from zero, tell where the text stops being JSON.
/// </summary>
readonly record struct ParseResult(ParseOutcome Outcome, int Element = 0, long Line = 0, long LineByte = 0)
{
    public bool IsAccepted => Outcome == ParseOutcome.Accepted;
}

/// <summary>
/// Reads <c>{"object_ids":[1,2,...]}</c> from the bytes of a request into one buffer that is used again and again: no string, no
/// document, nothing allocated once the buffer has grown to the callbacks that come. Never throws, whatever the bytes. The first
/// problem met decides. Not safe for several threads.
/// </summary>
/// <param name="idsMax">
/// The most elements, duplicates included, so that the work for a body is bounded by what it says and not by what is left of it.
/// </param>
/// <param name="salt">Drawn once per process; see <see cref="DistinctIds"/>.</param>
sealed class CallbackParser(int idsMax, ulong salt)
{
    static readonly JsonReaderOptions Options = new() { MaxDepth = 64, CommentHandling = JsonCommentHandling.Disallow };

    readonly DistinctIds _distinct = new(salt);
    long[] _ids = new long[Math.Min(idsMax, 256)];
    int _count;

    /// <summary>
    /// The distinct ids of the last body, in the order of their first occurrence; none if it was refused. Good until the next call of
    /// <see cref="Parse"/>.
    /// </summary>
    public ReadOnlySpan<long> Ids => _ids.AsSpan(0, _count);

    /// <param name="body">The whole body; a byte order mark before it is skipped.</param>
    public ParseResult Parse(in ReadOnlySequence<byte> body)
    {
        ParseResult result = Judge(body);
        // What is wrong may stand behind a good list.
        if (!result.IsAccepted)
            _count = 0;

        return result;
    }

    ParseResult Judge(in ReadOnlySequence<byte> body)
    {
        ReadOnlySequence<byte> text = WithoutByteOrderMark(body);
        // The reader is faster on a span, and a usual body lies in one block.
        Utf8JsonReader reader = text.IsSingleSegment
            ? new Utf8JsonReader(text.FirstSpan, isFinalBlock: true, new JsonReaderState(Options))
            : new Utf8JsonReader(text, isFinalBlock: true, new JsonReaderState(Options));
        try
        {
            return Read(ref reader);
        }
        catch (JsonException exception)
        {
            return new ParseResult(ParseOutcome.NotJson, 0, exception.LineNumber ?? 0, exception.BytePositionInLine ?? 0);
        }
        catch (InvalidOperationException)
        {
            // A name with half of a surrogate pair is well-formed to the reader and fails only when it is compared.
            return new ParseResult(ParseOutcome.NotJson, 0, 0, reader.BytesConsumed);
        }
    }

    ParseResult Read(ref Utf8JsonReader reader)
    {
        reader.Read();
        if (reader.TokenType != JsonTokenType.StartObject)
            return new ParseResult(ParseOutcome.NotAnObject);

        bool found = false;
        while (reader.Read() && reader.TokenType == JsonTokenType.PropertyName)
        {
            // Escapes count as what they stand for, as in any JSON reader.
            if (!reader.ValueTextEquals("object_ids"u8))
            {
                reader.Skip();
                continue;
            }

            if (found)
                return new ParseResult(ParseOutcome.FieldTwice);

            found = true;
            ParseResult ids = ReadIds(ref reader);
            if (!ids.IsAccepted)
                return ids;
        }

        // Past the last brace: anything but white space throws.
        reader.Read();
        return new ParseResult(found ? ParseOutcome.Accepted : ParseOutcome.FieldMissing);
    }

    ParseResult ReadIds(ref Utf8JsonReader reader)
    {
        reader.Read();
        if (reader.TokenType != JsonTokenType.StartArray)
            return new ParseResult(ParseOutcome.NotAList);

        long[] ids = _ids;
        int count = 0;
        long last = long.MinValue;
        bool ascending = true;
        while (reader.Read() && reader.TokenType != JsonTokenType.EndArray)
        {
            if (count == idsMax)
                return new ParseResult(ParseOutcome.TooManyIds);

            // "1.0" and "1e3" are integers to a mathematician, but not 64-bit integer literals; half of all clients would read them as
            // floats.
            if (reader.TokenType != JsonTokenType.Number || !reader.TryGetInt64(out long id))
                return new ParseResult(ParseOutcome.NotAnId, count);

            if (count == ids.Length)
            {
                Array.Resize(ref _ids, Math.Min(idsMax, ids.Length * 2));
                ids = _ids;
            }

            ids[count] = id;
            ascending &= id > last || count == 0;
            last = id;
            count++;
        }

        // Ascending ids, which many senders have anyway, are distinct without a look into the table.
        _count = ascending ? count : _distinct.Merge(ids.AsSpan(0, count));
        return new ParseResult(ParseOutcome.Accepted);
    }

    static ReadOnlySequence<byte> WithoutByteOrderMark(in ReadOnlySequence<byte> body)
    {
        ReadOnlySpan<byte> mark = [0xEF, 0xBB, 0xBF];
        if (body.FirstSpan.Length >= mark.Length || body.IsSingleSegment)
            return body.FirstSpan.StartsWith(mark) ? body.Slice(mark.Length) : body;

        SequenceReader<byte> start = new(body);
        return start.IsNext(mark, advancePast: true) ? start.UnreadSequence : body;
    }
}

using System.Text;

namespace Callbacks.Fixtures;

/// <summary>Bodies near the edge between usable and not: grown by the grammar, up to 24 ids and the depth of 64, a third of them then broken.</summary>
sealed class BodyGenerator(Random random)
{
    static readonly string[] Names =
        ["object_ids", "object_ids", "object_ids", "object\\u005fids", "\\u006Fbject_ids", "Object_ids", "object_id", "object_ids\\ud800", "x", "", "\\\"", "é"];

    static readonly string[] Elements =
        ["null", "1.0", "1e2", "\"1\"", "[]", "9223372036854775808", "-9223372036854775809", "-0", "true", "{\"object_ids\":[1]}", "9223372036854775807",
            "-9223372036854775808", "00", "-", "1.", "1e", "\"\\ud83d\\ude00\"", "\"\\ud83d\"", "\"\\x\"", "\"\u0001\"", "NaN", "1/**/"];

    readonly StringBuilder _text = new();

    public byte[] Next()
    {
        _text.Clear();
        if (random.Next(20) == 0)
            _text.Append('\uFEFF');

        int fields = random.Next(10) < 7 ? 1 : random.Next(4);
        _text.Append('{');
        for (int i = 0; i < fields; i++)
        {
            if (i > 0)
                _text.Append(',');

            Space();
            _text.Append('"').Append(fields == 1 && random.Next(10) > 0 ? "object_ids" : Names[random.Next(Names.Length)]).Append("\":");
            Space();
            if (random.Next(10) > 0)
                List();
            else if (random.Next(4) > 0)
                Value(0);
            else
                Nested(random.Next(60, 68));
        }

        _text.Append('}');
        Space();
        byte[] body = Encoding.UTF8.GetBytes(_text.ToString());
        return random.Next(3) == 0 ? Broken(body) : body;
    }

    void List()
    {
        int count = random.Next(random.Next(10) == 0 ? 25 : 8);
        _text.Append('[');
        for (int i = 0; i < count; i++)
        {
            if (i > 0)
                _text.Append(',');

            Space();
            if (random.Next(40) == 0)
                _text.Append(Elements[random.Next(Elements.Length)]);
            else
                _text.Append(random.Next(4) == 0 ? random.NextInt64(long.MinValue, long.MaxValue) : random.Next(-3, 12));
        }

        _text.Append(']');
    }

    void Value(int depth)
    {
        switch (random.Next(depth > 4 ? 3 : 5))
        {
            case 0:
                _text.Append(Elements[random.Next(Elements.Length)]);
                break;
            case 1:
                _text.Append(random.Next());
                break;
            case 2:
                _text.Append('"').Append(Names[random.Next(Names.Length)]).Append('"');
                break;
            case 3:
                _text.Append('[');
                Value(depth + 1);
                _text.Append(']');
                break;
            default:
                _text.Append("{\"").Append(Names[random.Next(Names.Length)]).Append("\":");
                Value(depth + 1);
                _text.Append('}');
                break;
        }
    }

    void Nested(int depth) =>
        _text.Append('[', depth).Append(']', depth);

    void Space()
    {
        if (random.Next(8) == 0)
            _text.Append(" \t\r\n"[random.Next(4)]);
    }

    byte[] Broken(byte[] body) => Mutation.Of(body, random, "[]{},:\"0-.eE\\ "u8, changesMax: 2);
}

using System.CommandLine.Parsing;
using System.Globalization;

namespace Callbacks.Tester.Send;

/// <summary>Whole numbers from <paramref name="Min"/> to <paramref name="Max"/>, both included.</summary>
readonly record struct IntRange(long Min, long Max)
{
    public long Draw(Random random) => Min == Max ? Min : random.NextInt64(Min, Max + 1);

    /// <summary><c>7</c> or <c>0-199</c>: that number, or any of those.</summary>
    public static IntRange ParseCount(ArgumentResult result) => Parse(result, single => new IntRange(single, single));

    /// <summary><c>20000</c> or <c>100-299</c>: that many from 0 on, or those.</summary>
    public static IntRange ParseIds(ArgumentResult result) => Parse(result, single => new IntRange(0, single - 1));

    public override string ToString() => $"{Min}-{Max}";

    static IntRange Parse(ArgumentResult result, Func<long, IntRange> ofSingle)
    {
        string text = result.Tokens[0].Value;
        string[] parts = text.Split('-');
        IntRange range = parts switch
        {
            [var single] when TryRead(single, out long value) => ofSingle(value),
            [var first, var last] when TryRead(first, out long min) && TryRead(last, out long max) => new IntRange(min, max),
            _ => new IntRange(0, -1),
        };
        if (range.Max < range.Min)
            result.AddError($"'{text}' is no range; write it as 100 or 0-199.");
        return range;
    }

    static bool TryRead(string text, out long value) => long.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out value);
}

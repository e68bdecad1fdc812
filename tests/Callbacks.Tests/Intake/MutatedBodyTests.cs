using System.Buffers;
using System.Text;
using Callbacks.Fixtures;
using Callbacks.Intake;

namespace Callbacks.Tests.Intake;

/// <summary>
/// Bodies grown and then broken at random: one is accepted if and only if System.Text.Json, reading all of it, finds it in order, with
/// the same ids, in whatever pieces it comes.
/// </summary>
public sealed class MutatedBodyTests(ITestOutputHelper output)
{
    const int IdsMax = 20;
    const int PieceBytesMax = 20;

    readonly CallbackParser _parser = new(IdsMax, salt: 0x9e37_79b9_7f4a_7c15);

    [Fact]
    public void Mutated_bodies_are_judged_as_System_Text_Json_judges_them() => Judge(100_000);

    [Fact(Explicit = true)]
    public void Five_million_mutated_bodies_are_judged_as_System_Text_Json_judges_them() => Judge(5_000_000);

    [Fact]
    public void A_failing_body_is_shrunk_to_what_makes_it_fail()
    {
        byte[] smallest = Shrinking.Smallest("""{"x":[1,2,3],"object_ids":[7,null,8]}"""u8.ToArray(), body => body.AsSpan().IndexOf("null"u8) >= 0);

        Assert.Equal("null", Encoding.ASCII.GetString(smallest));
    }

    void Judge(int bodies)
    {
        Random random = Seed.Draw(output);
        BodyGenerator generator = new(random);
        int accepted = 0;
        for (int i = 1; i <= bodies; i++)
        {
            byte[] body = generator.Next();
            int pieces = random.Next();
            if (FindFault(body, pieces, out bool isUsable) is not null)
            {
                Figures.Add("mutated bodies in process", i, 1);
                byte[] smallest = Shrinking.Smallest(body, smaller => FindFault(smaller, pieces, out _) is not null);
                Assert.Fail($"{FindFault(smallest, pieces, out _)}: {Shown(smallest)}, which is what is left of {Shown(body)}");
            }

            accepted += isUsable ? 1 : 0;
        }

        Figures.Add("mutated bodies in process", bodies);
        output.WriteLine($"{bodies} bodies, {accepted} of them usable");
        Assert.InRange(accepted, bodies / 10, bodies / 10 * 9);
    }

    /// <param name="body">Read whole, and then in pieces.</param>
    /// <param name="pieces">Seeds their lengths.</param>
    /// <param name="isUsable">By the oracle.</param>
    string? FindFault(byte[] body, int pieces, out bool isUsable)
    {
        long[]? expected = BodyOracle.Ids(body, IdsMax);
        isUsable = expected is not null;
        try
        {
            ParseResult whole = _parser.Parse(new ReadOnlySequence<byte>(body));
            if (whole.IsAccepted != isUsable || !_parser.Ids.SequenceEqual(expected))
                return $"{whole} with ids [{Listed(_parser.Ids)}] instead of {(isUsable ? $"[{Listed(expected)}]" : "a refusal")}";

            Random lengths = new(pieces);
            ParseResult split = _parser.Parse(Pieces.Of(body, () => lengths.Next(1, PieceBytesMax)));
            if (split.Outcome != whole.Outcome || split.Element != whole.Element || !_parser.Ids.SequenceEqual(expected))
                return $"{whole} whole, {split} with ids [{Listed(_parser.Ids)}] in pieces";
        }
        catch (Exception exception)
        {
            return $"The parser threw: {exception}";
        }

        return null;
    }

    static string Listed(ReadOnlySpan<long> ids) => string.Join(',', ids.ToArray());

    /// <summary>As a literal, so that what can't be seen is seen.</summary>
    static string Shown(byte[] body) =>
        $"\"{string.Concat(body.Select(b => b is >= 0x20 and < 0x7f ? ((char)b).ToString() : $"\\x{b:x2}"))}\"";
}

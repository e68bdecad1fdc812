using System.Text;
using Callbacks.Fixtures;
using Callbacks.Journal.Pending;
using Callbacks.Lookup;

namespace Callbacks.Tests.Lookup;

public sealed class AnswerParserTests
{
    [Theory]
    [InlineData("""{"id":7,"online":true}""", 7, true)]
    [InlineData("""{"online":false,"id":7}""", 7, false)]
    [InlineData(" \r\n\t{ \"id\" : 7 , \"online\" : true } \n", 7, true)]
    [InlineData("""{"id":0,"online":true}""", 0, true)]
    [InlineData("""{"id":-1,"online":false}""", -1, false)]
    [InlineData("""{"id":9223372036854775807,"online":true}""", long.MaxValue, true)]
    [InlineData("""{"id":-9223372036854775808,"online":true}""", long.MinValue, true)]
    [InlineData("""{"\u0069d":7,"onlin\u0065":true}""", 7, true)]
    [InlineData("""{"a":{"id":8,"online":[false]},"id":7,"b":[{"online":null}],"online":true,"c":"x"}""", 7, true)]
    [InlineData("""{"ID":8,"Online":false,"id":7,"online":true}""", 7, true)]
    public void A_right_answer_is_read(string json, long id, bool online) =>
        Assert.Equal(online ? LookupAnswer.Online : LookupAnswer.Offline, Parse(json, id));

    [Theory]
    [InlineData("")]
    [InlineData(" ")]
    [InlineData("null")]
    [InlineData("true")]
    [InlineData("7")]
    [InlineData("[]")]
    [InlineData("{}")]
    [InlineData("""[{"id":7,"online":true}]""")]
    [InlineData("""{"id":7}""")]
    [InlineData("""{"online":true}""")]
    [InlineData("""{"id":8,"online":true}""")]
    [InlineData("""{"id":-7,"online":true}""")]
    [InlineData("""{"id":7.0,"online":true}""")]
    [InlineData("""{"id":7e0,"online":true}""")]
    [InlineData("""{"id":"7","online":true}""")]
    [InlineData("""{"id":null,"online":true}""")]
    [InlineData("""{"id":[7],"online":true}""")]
    [InlineData("""{"id":9223372036854775808,"online":true}""")]
    [InlineData("""{"id":18446744073709551623,"online":true}""")]
    [InlineData("""{"id":7,"id":7,"online":true}""")]
    [InlineData("""{"id":7,"online":true,"online":true}""")]
    [InlineData("""{"id":7,"online":true,"online":false}""")]
    [InlineData("""{"id":7,"online":1}""")]
    [InlineData("""{"id":7,"online":"true"}""")]
    [InlineData("""{"id":7,"online":null}""")]
    [InlineData("""{"id":7,"online":{}}""")]
    [InlineData("""{"data":{"id":7,"online":true}}""")]
    [InlineData("""{"id":7,"online":true}x""")]
    [InlineData("""{"id":7,"online":true}{}""")]
    [InlineData("""{"id":7,"online":true},""")]
    [InlineData("""{"id":7,"online":true,}""")]
    [InlineData("""{"id":7,"online":true""")]
    [InlineData("""{"id":7,"onli""")]
    [InlineData("""{"id":7,"online":tru""")]
    [InlineData("""{"id":07,"online":true}""")]
    [InlineData("""{'id':7,'online':true}""")]
    [InlineData("""{"id":7,/**/"online":true}""")]
    [InlineData("""{"x":[[[[[[[[[[[[[[[[[[[[]]]]]]]]]]]]]]]]]]]],"id":7,"online":true}""")]
    [InlineData("""{"\ud800":1,"id":7,"online":true}""")]
    [InlineData("<html>502</html>")]
    public void Anything_else_is_no_answer(string json) => Assert.Null(Parse(json, 7));

    [Fact]
    public void Each_beginning_of_a_right_answer_is_none()
    {
        byte[] whole = Encoding.UTF8.GetBytes("""{"id":7,"more":{"x":[1,"\u00e9"]},"online":true}""");
        for (int length = 0; length < whole.Length; length++)
            Assert.Null(AnswerParser.Parse(whole.AsSpan(0, length), 7));
        Assert.Equal(LookupAnswer.Online, AnswerParser.Parse(whole, 7));
    }

    [Fact]
    public void Mutated_bytes_never_throw_and_never_answer_for_another_id()
    {
        int seed = Environment.TickCount;
        TestContext.Current.TestOutputHelper?.WriteLine($"seed {seed}");
        var random = new Random(seed);
        byte[] whole = Encoding.UTF8.GetBytes("""{"id":1234567,"name":"\u00e9\n","nested":{"a":[1,2.5,null]},"online":false}""");
        for (int round = 0; round < 100_000; round++)
        {
            byte[] mutated = Mutation.Of(whole, random, "{}[]\",:\\\0\u007f-0"u8, changesMax: 5);
            // A changed digit makes another id, which must not count; 1234567 itself may still be there.
            Assert.Null(AnswerParser.Parse(mutated, 42));
            AnswerParser.Parse(mutated, 1234567);
        }
    }

    static LookupAnswer? Parse(string json, long id) => AnswerParser.Parse(Encoding.UTF8.GetBytes(json), id);
}

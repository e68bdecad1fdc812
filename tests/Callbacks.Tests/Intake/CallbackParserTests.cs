using System.Buffers;
using System.Text;
using Callbacks.Intake;

namespace Callbacks.Tests.Intake;

public sealed class CallbackParserTests
{
    const ulong Salt = 0x9e37_79b9_7f4a_7c15;

    [Theory]
    [InlineData("""{"object_ids":[]}""", "")]
    [InlineData("""{"object_ids":[1,2,3]}""", "1,2,3")]
    [InlineData("""{"object_ids":[3,1,2]}""", "3,1,2")]
    [InlineData("""{"object_ids":[3,1,3,2,1]}""", "3,1,2")]
    [InlineData("""{"object_ids":[5,5,5]}""", "5")]
    [InlineData("""{"object_ids":[0,-1,-0]}""", "0,-1")]
    [InlineData("""{"object_ids":[9223372036854775807,-9223372036854775808]}""", "9223372036854775807,-9223372036854775808")]
    [InlineData("""{"object_ids":[-9223372036854775808,-9223372036854775808]}""", "-9223372036854775808")]
    [InlineData(" \r\n\t{ \"object_ids\" : [ 1 ,\n2 ] } \n", "1,2")]
    [InlineData("""{"a":null,"object_ids":[1],"b":{"object_ids":["x",{"object_ids":2}]},"c":[[[1.5]]]}""", "1")]
    [InlineData("""{"object\u005fids":[7]}""", "7")]
    [InlineData("""{"\u006fbject_ids":[7]}""", "7")]
    [InlineData("""{"Object_ids":[1],"object_ids":[2],"object_ids ":[3]}""", "2")]
    [InlineData("\uFEFF{\"object_ids\":[1]}", "1")]
    public void Usable_bodies_give_their_distinct_ids_in_the_order_of_first_occurrence(string body, string ids)
    {
        (ParseResult result, long[] parsed) = Parse(Encoding.UTF8.GetBytes(body));

        Assert.Equal(ParseOutcome.Accepted, result.Outcome);
        Assert.Equal(ids, string.Join(',', parsed));
    }

    [Theory]
    [InlineData("", "NotJson")]
    [InlineData("   ", "NotJson")]
    [InlineData("\uFEFF", "NotJson")]
    [InlineData("\uFEFF\uFEFF{\"object_ids\":[1]}", "NotJson")]
    [InlineData("hello", "NotJson")]
    [InlineData("""{"object_ids":[1,2""", "NotJson")]
    [InlineData("""{"object_ids":[1,2]""", "NotJson")]
    [InlineData("""{"object_ids":[1,2]}x""", "NotJson")]
    [InlineData("""{"object_ids":[1,2]}{}""", "NotJson")]
    [InlineData("""{"object_ids":[1,]}""", "NotJson")]
    [InlineData("""{"object_ids":[1],}""", "NotJson")]
    [InlineData("""{"object_ids":[01]}""", "NotJson")]
    [InlineData("""{"object_ids":[+1]}""", "NotJson")]
    [InlineData("""{"object_ids":[NaN]}""", "NotJson")]
    [InlineData("""{"object_ids":[1]/* no */}""", "NotJson")]
    [InlineData("""{'object_ids':[1]}""", "NotJson")]
    [InlineData("""{"object_ids\ud800":[1]}""", "NotJson")]
    [InlineData("""{"object_id\ud800":[1]}""", "NotJson")]
    [InlineData("""{"object_ids":[1]}""" + "\0", "NotJson")]
    [InlineData("null", "NotAnObject")]
    [InlineData("1", "NotAnObject")]
    [InlineData("[1,2]", "NotAnObject")]
    [InlineData("\"object_ids\"", "NotAnObject")]
    [InlineData("{}", "FieldMissing")]
    [InlineData("""{"ids":[1]}""", "FieldMissing")]
    [InlineData("""{"OBJECT_IDS":[1]}""", "FieldMissing")]
    [InlineData("""{"x":{"object_ids":[1]}}""", "FieldMissing")]
    [InlineData("""{"object_ids":[1],"object_ids":[1]}""", "FieldTwice")]
    [InlineData("""{"object_ids":[1],"object\u005fids":null}""", "FieldTwice")]
    [InlineData("""{"object_ids":null}""", "NotAList")]
    [InlineData("""{"object_ids":1}""", "NotAList")]
    [InlineData("""{"object_ids":{}}""", "NotAList")]
    [InlineData("""{"object_ids":"1,2"}""", "NotAList")]
    public void Anything_else_is_refused_with_its_reason(string body, string outcome)
    {
        (ParseResult result, long[] ids) = Parse(Encoding.UTF8.GetBytes(body));

        Assert.Equal(outcome, result.Outcome.ToString());
        Assert.Empty(ids);
    }

    [Theory]
    [InlineData("null")]
    [InlineData("true")]
    [InlineData("1.0")]
    [InlineData("1.5")]
    [InlineData("1e3")]
    [InlineData("1E0")]
    [InlineData("\"2\"")]
    [InlineData("[2]")]
    [InlineData("{}")]
    [InlineData("9223372036854775808")]
    [InlineData("-9223372036854775809")]
    [InlineData("18446744073709551616")]
    public void An_element_that_is_no_64_bit_integer_is_named_by_its_index(string element)
    {
        (ParseResult result, _) = Parse(Encoding.UTF8.GetBytes($$"""{"object_ids":[5,6,{{element}},7]}"""));

        Assert.Equal(ParseOutcome.NotAnId, result.Outcome);
        Assert.Equal(2, result.Element);
    }

    [Fact]
    public void The_place_where_it_stops_being_json_is_told()
    {
        (ParseResult result, _) = Parse("{\"object_ids\":\n[1,x]}"u8.ToArray());

        Assert.Equal(new ParseResult(ParseOutcome.NotJson, 0, 1, 3), result);
    }

    [Theory]
    [InlineData(10_000, "Accepted", 10_000)]
    [InlineData(10_001, "TooManyIds", 0)]
    public void Elements_are_counted_before_duplicates_are_merged(int count, string outcome, int distinct)
    {
        byte[] descending = Body(Enumerable.Range(0, count).Select(i => (long)-i));
        byte[] same = Body(Enumerable.Repeat(7L, count));

        (ParseResult result, long[] ids) = Parse(descending);
        Assert.Equal(outcome, result.Outcome.ToString());
        Assert.Equal(distinct, ids.Length);
        Assert.Equal(outcome, Parse(same).Result.Outcome.ToString());
    }

    [Theory]
    [InlineData(63, "Accepted")]
    [InlineData(64, "NotJson")]
    [InlineData(100_000, "NotJson")]
    public void Nesting_in_an_unknown_field_is_skipped_up_to_a_depth(int depth, string outcome)
    {
        string body = $$"""{"x":{{new string('[', depth)}}{{new string(']', depth)}},"object_ids":[1]}""";

        Assert.Equal(outcome, Parse(Encoding.UTF8.GetBytes(body)).Result.Outcome.ToString());
    }

    [Fact]
    public void A_parser_is_used_again_after_a_refusal()
    {
        CallbackParser parser = new(10_000, Salt);
        Assert.True(parser.Parse(new ReadOnlySequence<byte>(Body([9, 8, 7, 9]))).IsAccepted);
        Assert.False(parser.Parse(new ReadOnlySequence<byte>("{\"object_ids\":[1,2,null]}"u8.ToArray())).IsAccepted);
        Assert.Empty(parser.Ids.ToArray());
        Assert.True(parser.Parse(new ReadOnlySequence<byte>(Body([4, 3]))).IsAccepted);
        Assert.Equal([4L, 3L], parser.Ids.ToArray());
    }

    [Fact]
    public void Reading_allocates_nothing_once_the_buffers_have_grown()
    {
        CallbackParser parser = new(10_000, Salt);
        ReadOnlySequence<byte> ascending = new(Body(Enumerable.Range(0, 1000).Select(i => (long)i)));
        ReadOnlySequence<byte> mixed = new(Body(Enumerable.Range(0, 1000).Select(i => (long)(i * 7919 % 500))));
        parser.Parse(ascending);
        parser.Parse(mixed);

        long before = GC.GetAllocatedBytesForCurrentThread();
        for (int i = 0; i < 100; i++)
        {
            parser.Parse(ascending);
            parser.Parse(mixed);
        }

        Assert.Equal(0, GC.GetAllocatedBytesForCurrentThread() - before);
    }

    static (ParseResult Result, long[] Ids) Parse(byte[] body)
    {
        CallbackParser parser = new(10_000, Salt);
        ParseResult result = parser.Parse(new ReadOnlySequence<byte>(body));
        long[] ids = parser.Ids.ToArray();
        // The same bytes one by one: no token lies in one segment.
        ParseResult split = parser.Parse(Pieces.Of(body, () => 1));
        Assert.Equal(result.Outcome, split.Outcome);
        Assert.Equal(ids, parser.Ids.ToArray());
        return (result, ids);
    }

    static byte[] Body(IEnumerable<long> ids) => Encoding.UTF8.GetBytes($$"""{"object_ids":[{{string.Join(',', ids)}}]}""");
}

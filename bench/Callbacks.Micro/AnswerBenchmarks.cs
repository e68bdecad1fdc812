using BenchmarkDotNet.Attributes;
using Callbacks.Journal.Pending;
using Callbacks.Lookup;

namespace Callbacks.Micro;

/// <summary>An upstream's answer, from its bytes to what it says.</summary>
public class AnswerBenchmarks
{
    readonly byte[] _answer = """{"id":123456,"online":true}"""u8.ToArray();

    [Benchmark]
    public bool Answer() => AnswerParser.Parse(_answer, 123_456) == LookupAnswer.Online;
}

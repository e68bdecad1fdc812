using System.Buffers;
using System.Text;
using BenchmarkDotNet.Attributes;
using Callbacks.Intake;

namespace Callbacks.Micro;

/// <summary>A callback's body, from its bytes to distinct ids.</summary>
public class ParserBenchmarks
{
    readonly CallbackParser _parser = new(idsMax: 10_000, salt: 1);
    ReadOnlySequence<byte> _body;

    /// <summary>Of one body.</summary>
    [Params(6, 100, 200)]
    public int Ids { get; set; }

    [GlobalSetup]
    public void MakeBody()
    {
        var random = new Random(1);
        string ids = string.Join(',', Enumerable.Range(0, Ids).Select(_ => random.Next(1_000_000)));
        _body = new ReadOnlySequence<byte>(Encoding.ASCII.GetBytes($$"""{"object_ids":[{{ids}}]}"""));
    }

    [Benchmark]
    public bool Callback() => _parser.Parse(_body).IsAccepted;
}

using BenchmarkDotNet.Attributes;
using Callbacks.Store;
using Callbacks.Time;

namespace Callbacks.Micro;

/// <summary>Sorting a batch and splitting it into columns, per batch.</summary>
public class BatchBenchmarks
{
    readonly ObjectBatch _batch = new();
    ObjectState[] _rows = [];

    [Params(200, 10_000)]
    public int Rows { get; set; }

    [GlobalSetup]
    public void MakeRows()
    {
        // In the order in which answers come, which is none.
        var random = new Random(1);
        _rows = [.. Enumerable.Range(0, Rows).Select(i => new ObjectState(random.NextInt64(10_000_000), (i & 1) == 0, new Instant(i)))];
    }

    [Benchmark]
    public int Build()
    {
        _batch.Rows.Clear();
        _batch.Rows.AddRange(_rows);
        _batch.Prepare();
        return _batch.Rows.Count;
    }
}

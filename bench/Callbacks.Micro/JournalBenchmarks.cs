using BenchmarkDotNet.Attributes;
using Callbacks.Journal;
using Callbacks.Journal.Log;
using Callbacks.Journal.Pending;
using Callbacks.Time;

namespace Callbacks.Micro;

/// <summary>What each callback of 100 ids costs in the journal: its frame, and the table of pending ids.</summary>
public class JournalBenchmarks
{
    const int IdsPerCallback = 100, CallbacksPerGroup = 32;

    /// <summary>As many different ids as the bodies of <c>bench accept</c> draw from.</summary>
    const int ScatteredIds = 300_000, ScatteredCallbacks = 8192;

    static readonly TimeSpan Retention = TimeSpan.FromMinutes(10);

    readonly GroupBuffer _group = new(1 << 20);
    readonly PendingAppend _append = PendingAppend.Rent(1, new Instant(1));
    readonly PendingTable _table = new(Retention, idsMax: 1_000_000, keepAll: false, new Random(1));
    readonly PendingTable _full = new(Retention, idsMax: 1_000_000, keepAll: false, new Random(1));
    readonly long[][] _scattered;
    readonly long[] _ids = new long[IdsPerCallback];
    readonly long[] _expired = new long[Enum.GetValues<LookupFailure>().Length];
    ulong _number;
    long _id;
    Instant _now = new(1_000_000);

    public JournalBenchmarks()
    {
        // In the order of a shuffle, so that ids that are neighbours in a callback are none in the table.
        long[] ids = [.. Enumerable.Range(1, ScatteredIds)];
        new Random(1).Shuffle(ids);
        foreach (long[] chunk in ids.Chunk(IdsPerCallback))
            _full.Visit(new CallbackFrame(++_number, _now, chunk), VisitKind.Arrival, _now, out _, _expired);
        var random = new Random(2);
        _scattered = [.. Enumerable.Range(0, ScatteredCallbacks).Select(_ => Enumerable.Range(0, IdsPerCallback).Select(_ => random.NextInt64(1, ScatteredIds)).ToArray())];
    }

    /// <summary>Per callback: copied into the group, whose header and checksum are shared by 32.</summary>
    [Benchmark(OperationsPerInvoke = CallbacksPerGroup)]
    public int Encode()
    {
        _group.Clear();
        for (int i = 0; i < CallbacksPerGroup; i++)
            _group.Add(++_number, _now, _ids, PackedIds.WidthOf(_ids), _append);
        return _group.Complete(1, 2, 3, null).Length;
    }

    /// <summary>Per id, all the way: arrives, is started, answered, stored, and its callback is settled.</summary>
    [Benchmark(OperationsPerInvoke = IdsPerCallback)]
    public long Settle()
    {
        for (int i = 0; i < IdsPerCallback; i++)
            _ids[i] = _id++ % 10_000_000;
        _now += TimeSpan.FromMilliseconds(1);
        var callback = new CallbackFrame(++_number, _now, _ids);
        _table.Visit(callback, VisitKind.Arrival, _now, out _, _expired);
        while (_table.TryStart(_now, out Journal.Pending.Lookup lookup))
            _table.Answered(lookup, LookupAnswer.Online, _now);
        _table.TakeAnswers(_now, int.MaxValue, static (_, _, _) => { });
        _table.AnswersStored();
        _table.Visit(callback, VisitKind.Again, _now, out OutcomeCounts outcomes, _expired);
        _table.Release(_now + TimeSpan.FromMicroseconds(1), _now);
        return outcomes.Stored;
    }

    /// <summary>Per id: a callback that names what is in flight already, as most do that come often.</summary>
    [Benchmark(OperationsPerInvoke = IdsPerCallback)]
    public bool VisitKnown()
    {
        for (int i = 0; i < IdsPerCallback; i++)
            _ids[i] = -1 - i;
        return _table.Visit(new CallbackFrame(++_number, _now, _ids), VisitKind.Arrival, _now, out _, _expired);
    }

    /// <summary>Per id: a callback that names ids from anywhere in a window of 300,000, as in <c>bench accept</c>; what it costs is the way to memory.</summary>
    [Benchmark(OperationsPerInvoke = IdsPerCallback)]
    public bool VisitScattered() =>
        _full.Visit(new CallbackFrame(_number, _now, _scattered[++_number % ScatteredCallbacks]), VisitKind.Arrival, _now, out _, _expired);

    /// <summary>Per id: the same when it expires.</summary>
    [Benchmark(OperationsPerInvoke = IdsPerCallback)]
    public bool ExpireScattered() =>
        _full.Visit(new CallbackFrame(_number, _now, _scattered[++_number % ScatteredCallbacks]), VisitKind.Last, _now, out _, _expired);
}

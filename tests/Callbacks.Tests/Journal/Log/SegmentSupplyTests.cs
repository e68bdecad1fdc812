using System.Collections.Concurrent;
using Callbacks.Journal;
using Callbacks.Journal.Log;
using Callbacks.Tests.Support;
using Microsoft.Extensions.Logging.Abstractions;

namespace Callbacks.Tests.Journal.Log;

public sealed class SegmentSupplyTests : IDisposable
{
    const int Mebibytes = 4;

    readonly SimulatedDisk _disk = new();
    readonly ConcurrentQueue<string> _operations = new();

    public SegmentSupplyTests() => _disk.Fails = (operation, _) =>
    {
        _operations.Enqueue(operation);
        return false;
    };

    [Fact]
    public async Task A_segment_is_prepared_in_pieces_that_are_flushed_each_for_callbacks_would_wait_behind_the_whole()
    {
        using SegmentSupply supply = NewSupply();
        supply.Start();
        await Wait.UntilAsync(() => supply.Spares == 1, "a segment is prepared");
        Assert.Equal(["create", .. Enumerable.Repeat((string[])["write", "flush"], Mebibytes).SelectMany(pair => pair), "flush folder"], _operations, StringComparer.Ordinal);
    }

    [Fact]
    public void Before_there_are_callbacks_it_is_prepared_in_one_go()
    {
        using SegmentSupply supply = NewSupply();
        supply.PrepareOne();
        Assert.Equal(["create", .. Enumerable.Repeat("write", Mebibytes), "flush", "flush folder"], _operations, StringComparer.Ordinal);
    }

    [Fact]
    public async Task Who_waits_for_a_segment_is_told_when_it_is_there()
    {
        using SegmentSupply supply = NewSupply();
        Task waiting = Task.Run(() => supply.WaitForSpare(TimeSpan.FromMinutes(10)));
        await Task.Delay(100, TestContext.Current.CancellationToken);
        Assert.False(waiting.IsCompleted);
        supply.Start();
        await waiting.WaitAsync(TimeSpan.FromSeconds(20), TestContext.Current.CancellationToken);
        Assert.Equal(1, supply.Spares);
    }

    [Fact]
    public async Task A_stop_waits_for_no_more_than_a_piece_of_a_segment_and_leaves_none()
    {
        int flushes = 0;
        SegmentSupply supply = NewSupply();
        using var isFlushing = new ManualResetEventSlim();
        using var goOn = new ManualResetEventSlim();
        _disk.BeforeFlush = _ =>
        {
            flushes++;
            isFlushing.Set();
            goOn.Wait(TimeSpan.FromSeconds(20));
        };
        supply.Start();
        Assert.True(isFlushing.Wait(TimeSpan.FromSeconds(20), TestContext.Current.CancellationToken));
        Task stopping = Task.Run(supply.Dispose, TestContext.Current.CancellationToken);
        // So that it stops before the flush has returned.
        await Task.Delay(200, TestContext.Current.CancellationToken);
        goOn.Set();
        await stopping;
        Assert.Equal(1, flushes);
        Assert.Empty(_disk.List());
        Assert.Null(supply.Problem);
    }

    public void Dispose() => _disk.Dispose();

    SegmentSupply NewSupply() =>
        new(_disk, new SegmentList(), new JournalOptions { SegmentBytes = Mebibytes << 20, BytesMax = 1 << 30 }, nextNumber: 1, NullLogger<SegmentSupply>.Instance);
}

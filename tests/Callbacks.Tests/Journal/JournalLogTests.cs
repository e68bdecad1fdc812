using Callbacks.Journal;
using Callbacks.Journal.Log;
using Callbacks.Tests.Support;
using Microsoft.Extensions.Logging;

namespace Callbacks.Tests.Journal;

/// <summary>A disk that fails for a while is two lines, not one for each failure.</summary>
public sealed class JournalLogTests : IDisposable
{
    const string Refused = "Callbacks are answered 503 from ";
    const string Accepted = "Callbacks are accepted again from ";

    readonly SimulatedDisk _disk = new();
    readonly AllLogLines _log = new();

    public void Dispose()
    {
        _disk.Dispose();
        _log.Dispose();
    }

    [Fact]
    public async Task A_disk_that_can_not_be_written_is_told_with_the_first_callback_that_it_cost_and_with_the_first_after_it()
    {
        using var rig = new JournalRig(_disk, loggers: _log);
        Receipt before = await rig.AppendAsync(1);
        _disk.Fails = (what, _) => what is "write" or "flush" or "create";
        for (int i = 0; i < 3; i++)
            Assert.False((await rig.AppendAsync(2)).IsDurable);
        _disk.Fails = (_, _) => false;
        await JournalRig.UntilAsync(() => rig.Journal.Status().Problem is null);
        Assert.True((await rig.AppendAsync(3)).IsDurable);

        Assert.Equal(1, _log.Count(Refused));
        Assert.Equal(1, _log.Count(Accepted));
        Assert.Equal(1, _log.Count(Refused + CallbackId.Format(rig.Journal.Tag, before.Number + 1) + " on: Writing " + Segment.NameOf(1) + " failed"));
    }

    [Fact]
    public async Task A_disk_that_is_too_slow_is_told_once_for_as_long_as_each_callback_comes_too_late()
    {
        // Outlives the rig, whose threads may flush at any time.
        using var held = new ManualResetEventSlim();
        using var rig = new JournalRig(_disk, loggers: _log);
        _disk.BeforeFlush = _ => held.Wait(JournalRig.Deadline);
        for (int i = 0; i < 2; i++)
        {
            held.Reset();
            Assert.False((await rig.AppendAsync(1)).IsDurable);
            held.Set();
        }

        await JournalRig.UntilAsync(() => rig.Balance.Snapshot().AcknowledgedCallbacks == 2);
        Assert.Equal((1, 0), (_log.Count(Refused), _log.Count(Accepted)));
        _disk.BeforeFlush = _ => { };
        Receipt next = await rig.AppendAsync(2);
        Assert.Equal(1, _log.Count(Accepted + CallbackId.Format(rig.Journal.Tag, next.Number)));
        Assert.Equal(1, _log.Count(Refused));
    }

    [Fact]
    public async Task A_settled_segment_that_can_not_be_removed_is_told_once()
    {
        using var rig = new JournalRig(_disk, TimeSpan.FromSeconds(1), loggers: _log);
        _disk.Fails = (what, _) => what == "delete";
        long[] ids = JournalRig.WideIds(5_000);
        for (int i = 0; i < 4; i++)
            Assert.True((await rig.AppendAsync(ids)).IsDurable);
        await rig.AnswerUntilSettledAsync();
        await JournalRig.UntilAsync(() => _log.From(LogLevel.Error).Count > 0);
        _disk.Fails = (_, _) => false;
        await JournalRig.UntilAsync(() => _log.Count("Settled journal segments can be removed again after ") == 1);
        Assert.StartsWith("A settled journal segment can't be removed", Assert.Single(_log.From(LogLevel.Error)), StringComparison.Ordinal);
    }
}

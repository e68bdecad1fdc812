using Callbacks.Tests.Support;

namespace Callbacks.Tests.Journal.Simulation;

/// <summary>Numbers and receive times ascend from life to life because a header says how far they have come: so one has to be left.</summary>
public sealed class LastHeaderTests : IDisposable
{
    readonly SimulatedDisk _disk = new();
    readonly FakeTimeProvider _clock = new();
    readonly Model _model = new();
    uint _lives;
    int _sequence;

    public void Dispose() => _disk.Dispose();

    [Fact]
    public void A_disk_that_fails_to_the_end_leaves_a_header_though_everything_is_settled()
    {
        Life failing = NewLife();
        Append(failing);
        failing.Supply();
        _disk.Fails = (operation, _) => operation == "write";
        // The first of them leaves the segment, the second one the next, without a header.
        Append(failing);
        Append(failing);
        failing.Recover();
        for (int round = 0; round < 10; round++)
        {
            failing.Follow();
            if (failing.StartLookup(_sequence))
                failing.EndLookup(0, 2);
            _clock.Advance(TimeSpan.FromSeconds(1));
        }

        Assert.Equal(0, failing.Books.Pending);
        failing.Stop();

        _disk.Fails = (_, _) => false;
        _clock.SetWallClock(_clock.GetUtcNow().AddHours(-1));
        // The model demands that it is later than the one before, by number and time.
        Assert.True(Append(NewLife()).Receipt?.IsDurable);
    }

    Life NewLife() => new(_disk, _model, _clock, TimeSpan.FromMinutes(10), windowIds: 1_000, () => ++_lives);

    /// <summary>Of one id that is offline, so that its answer settles it.</summary>
    Sent Append(Life life)
    {
        _sequence += 2;
        var sent = new Sent(_sequence, [_sequence + 1]);
        life.Append(sent);
        life.Write(isDue: false);
        life.ReadReceipts();
        return sent;
    }
}

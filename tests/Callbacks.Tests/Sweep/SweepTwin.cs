using Callbacks.Store;
using Callbacks.Sweep;
using Callbacks.Tests.Support;
using Callbacks.Time;
using Microsoft.Extensions.Options;

namespace Callbacks.Tests.Sweep;

/// <summary>A second instance on the database of the first.</summary>
sealed class SweepTwin : IAsyncDisposable
{
    readonly StoreConnections _connections;
    readonly ObjectSweeper _sweeper;

    SweepTwin(SweepRig rig, TimeProvider provider)
    {
        var time = new ServiceTime(provider);
        State = new SweepState(time, new LogLines<SweepState>());
        _connections = new StoreConnections(Options.Create(new StoreOptions { ConnectionString = rig.Database.ConnectionString, ConnectTimeout = TimeSpan.FromSeconds(20) }));
        _sweeper = new ObjectSweeper(
            new FakeCoverage(time), _connections, rig.Migrator, new CommitSignal(), State, Options.Create(new SweepOptions()), time, provider);
    }

    public SweepState State { get; }

    public static SweepTwin Of(SweepRig rig, TimeProvider provider) => new(rig, provider);

    public async Task SweepAsync()
    {
        while (await _sweeper.RunOnceAsync(CancellationToken.None) == TimeSpan.Zero)
        {
        }
    }

    public async ValueTask DisposeAsync()
    {
        _sweeper.Dispose();
        await _connections.DisposeAsync();
    }
}

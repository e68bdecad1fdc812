using Callbacks.Fixtures;
using Callbacks.Store;
using Callbacks.Sweep;
using Callbacks.Tests.Store;
using Callbacks.Tests.Support;
using Callbacks.Time;
using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Options;

namespace Callbacks.Tests.Sweep;

/// <summary>An <see cref="ObjectSweeper"/> on a fresh table, with a retention of 30 s unless said otherwise.</summary>
sealed class SweepRig : IAsyncDisposable
{
    SweepRig(TestDatabase database, TimeProvider provider, SweepOptions sweepOptions, TimeSpan commandTimeout)
    {
        Database = database;
        Time = new ServiceTime(provider);
        Coverage = new FakeCoverage(Time);
        State = new SweepState(Time, Log) { OnSwept = lateness => Latenesses.Add(lateness) };
        Connections = new StoreConnections(Options.Create(new StoreOptions { ConnectionString = database.ConnectionString, ConnectTimeout = TimeSpan.FromSeconds(20), CommandTimeout = commandTimeout }));
        Sweeper = new ObjectSweeper(Coverage, Connections, Migrator, Commits, State, Options.Create(sweepOptions), Time, provider);
    }

    public TestDatabase Database { get; }

    public ServiceTime Time { get; }

    public FakeCoverage Coverage { get; }

    public CommitSignal Commits { get; } = new();

    public Migrator Migrator { get; } = new(TimeProvider.System, NullLogger<Migrator>.Instance);

    public LogLines<SweepState> Log { get; } = new();

    public SweepState State { get; }

    public List<TimeSpan> Latenesses { get; } = [];

    public StoreConnections Connections { get; }

    public ObjectSweeper Sweeper { get; }

    public static async Task<SweepRig> StartAsync(TimeProvider provider, SweepOptions? options = null, TimeSpan? commandTimeout = null)
    {
        var rig = new SweepRig(
            new TestDatabase(await PostgreSql.CreateDatabaseAsync()), provider, options ?? new SweepOptions(), commandTimeout ?? new StoreOptions().CommandTimeout);
        await rig.Migrator.ApplyAsync(rig.Connections.Sweep, TimeSpan.FromSeconds(30), CancellationToken.None);
        return rig;
    }

    /// <summary>Puts a row there as the writer of this instance does: with its signal.</summary>
    public async Task StoreAsync(params ObjectState[] states)
    {
        await Database.InsertAsync(states);
        Commits.Committed(states.Min(state => state.LastSeen));
    }

    /// <summary>Passes until there is nothing more to do now.</summary>
    public async Task SweepAsync()
    {
        while (await Sweeper.RunOnceAsync(CancellationToken.None) == TimeSpan.Zero)
        {
        }
    }

    public async ValueTask DisposeAsync()
    {
        await Sweeper.StopAsync(CancellationToken.None);
        Sweeper.Dispose();
        await Connections.DisposeAsync();
        await Database.DisposeAsync();
    }
}

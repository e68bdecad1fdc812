using Callbacks.Journal;
using Callbacks.Journal.Disk;
using Callbacks.Journal.Pending;
using Callbacks.Lookup;
using Callbacks.Store;
using Callbacks.Sweep;
using Callbacks.Tests.Journal;
using Callbacks.Tests.Support;
using Callbacks.Time;
using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Options;
using Npgsql;

namespace Callbacks.Tests.Faults;

/// <summary>
/// One life of journal, store and sweep together, on a disk and a database that may outlive it, step by step in time that the test moves.
/// The test is the upstream, which says online to even ids.
/// </summary>
sealed class StagesRig : IAsyncDisposable
{
    public static readonly TimeSpan Retention = TimeSpan.FromSeconds(30);

    // The journal tells what it has read to the millisecond.
    static readonly TimeSpan ReadStep = TimeSpan.FromMilliseconds(2);

    // The first visit comes after 0.25 s.
    static readonly TimeSpan VisitStep = TimeSpan.FromSeconds(0.5);

    readonly JournalRig _journal;
    readonly StoreConnections _connections;
    readonly ObjectWriter _writer;
    readonly ObjectSweeper _sweeper;
    readonly FakeTimeProvider _clock;

    public StagesRig(IJournalDisk disk, string connectionString, FakeTimeProvider clock)
    {
        _clock = clock;
        _journal = new JournalRig(disk, Retention, clock: clock);
        IOptions<StoreOptions> options = Options.Create(new StoreOptions
        {
            ConnectionString = connectionString,
            // A busy machine must not make failures of what the tests do themselves.
            ConnectTimeout = TimeSpan.FromSeconds(20),
            CommandTimeout = TimeSpan.FromSeconds(20),
        });
        _connections = new StoreConnections(options);
        var migrator = new Migrator(TimeProvider.System, NullLogger<Migrator>.Instance);
        var commits = new CommitSignal();
        _writer = new ObjectWriter(
            new AnsweredObjects(_journal.Table, Time), _connections, migrator, commits, new StoreState(Time, NullLogger<StoreState>.Instance), options,
            TimeProvider.System, NullLogger<ObjectWriter>.Instance);
        _sweeper = new ObjectSweeper(
            _journal.Journal, _connections, migrator, commits, new SweepState(Time, NullLogger<SweepState>.Instance),
            Options.Create(new SweepOptions { Retention = Retention }), Time, TimeProvider.System);
    }

    public ServiceTime Time => _journal.Time;

    public BalanceSnapshot Books => _journal.Balance.Snapshot();

    bool HasAnswers => _journal.Table.Status(Time.Now).ToStore > 0;

    /// <summary>Returns when it was received.</summary>
    public async Task<Instant> ReceiveAsync(params long[] ids)
    {
        Receipt receipt = await _journal.AppendAsync(ids);
        Assert.True(receipt.IsDurable);
        return receipt.ReceivedAt;
    }

    /// <summary>Looks up whatever waits, moments later.</summary>
    public async Task AnswerAsync()
    {
        _clock.Advance(ReadStep);
        await _journal.ReadAsync();
        while (_journal.Table.TryStart(Time.Now, out Callbacks.Journal.Pending.Lookup lookup))
            _journal.Table.Answered(lookup, lookup.Id % 2 == 0 ? LookupAnswer.Online : LookupAnswer.Offline, Time.Now);
    }

    public async Task StoreAsync()
    {
        while (HasAnswers)
            await _writer.RunOnceAsync(CancellationToken.None);
    }

    /// <summary>Tries to, while PostgreSQL is away.</summary>
    public async Task StoreInVainAsync()
    {
        Assert.True(HasAnswers, "Nothing is to be stored.");
        await Assert.ThrowsAnyAsync<NpgsqlException>(() => _writer.RunOnceAsync(CancellationToken.None));
    }

    public async Task SweepAsync()
    {
        await _journal.ReadAsync();
        while (await _sweeper.RunOnceAsync(CancellationToken.None) == TimeSpan.Zero)
        {
        }
    }

    /// <summary>Half a second later everything that has an outcome is settled, and nothing else may be there.</summary>
    public async Task UntilSettledAsync()
    {
        _clock.Advance(VisitStep);
        await Wait.UntilAsync(() => Books.Pending == 0, "nothing is pending");
    }

    public async ValueTask DisposeAsync()
    {
        _sweeper.Dispose();
        _writer.Dispose();
        await _connections.DisposeAsync();
        _journal.Dispose();
    }
}

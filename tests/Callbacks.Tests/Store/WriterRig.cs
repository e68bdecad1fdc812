using Callbacks.Store;
using Callbacks.Tests.Support;
using Callbacks.Time;
using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Options;

namespace Callbacks.Tests.Store;

/// <summary>An <see cref="ObjectWriter"/> with what it needs around it.</summary>
sealed class WriterRig : IAsyncDisposable
{
    const int AttemptsMax = 5;

    /// <param name="commandTimeoutSeconds">Of a statement; a lock is waited for a fifth of it.</param>
    /// <param name="connectTimeoutSeconds">Short only where it is what the test waits for.</param>
    public WriterRig(string connectionString, int batchRowsMax = 10_000, int commandTimeoutSeconds = 2, int connectTimeoutSeconds = 20)
    {
        IOptions<StoreOptions> options = Options.Create(new StoreOptions
        {
            ConnectionString = connectionString,
            BatchRowsMax = batchRowsMax,
            ConnectTimeout = TimeSpan.FromSeconds(connectTimeoutSeconds),
            CommandTimeout = TimeSpan.FromSeconds(commandTimeoutSeconds),
        });
        Connections = new StoreConnections(options);
        State = new StoreState(Time, Log);
        Writer = new ObjectWriter(
            Source, Connections, Migrator, Commits, State, options, TimeProvider.System, NullLogger<ObjectWriter>.Instance);
    }

    public ServiceTime Time { get; } = new(TimeProvider.System);

    public FakeObjectSource Source { get; } = new();

    public StoreConnections Connections { get; }

    public Migrator Migrator { get; } = new(TimeProvider.System, NullLogger<Migrator>.Instance);

    public CommitSignal Commits { get; } = new();

    public LogLines<StoreState> Log { get; } = new();

    public StoreState State { get; }

    public ObjectWriter Writer { get; }

    public Task UntilStoredAsync() => Wait.UntilAsync(() => Source.IsEmpty, "everything is stored");

    /// <summary>Offers the rows and writes them in this call, which tries again as the writer itself does: on a crowded machine a migration may take longer than a test's limits.</summary>
    public async Task WriteAsync(params ObjectState[] states)
    {
        Source.Offer(states);
        for (int attempt = 1; !Source.IsEmpty; attempt++)
        {
            try
            {
                await Writer.RunOnceAsync(CancellationToken.None);
            }
            catch (Exception e) when ((e is TimeoutException || e.InnerException is TimeoutException) && attempt < AttemptsMax)
            {
            }
        }
    }

    public async ValueTask DisposeAsync()
    {
        await Writer.StopAsync(CancellationToken.None);
        Writer.Dispose();
        await Connections.DisposeAsync();
        Source.Dispose();
    }
}

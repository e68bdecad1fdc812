using Microsoft.Extensions.Options;
using Npgsql;

namespace Callbacks.Store;

/// <summary>A pool for each kind of work, so that slow views can starve neither the writer nor the sweep.</summary>
sealed class StoreConnections : IAsyncDisposable
{
    // One is used; the others are for when it hangs (Patience).
    const int OwnConnectionsMax = 3;
    const int ViewConnectionsMax = ObjectReader.ReadsMax + 8;
    const long SuspectLockMilliseconds = 100;

    // An idle connection to a machine that is gone is noticed after some 40 s (nine probes); one with a statement under way is given up long before (Patience).
    const int KeepAliveSeconds = 10;
    const int KeepAliveIntervalSeconds = 3;

    public StoreConnections(IOptions<StoreOptions> options)
    {
        StoreOptions store = options.Value;
        string timeout = $"-c statement_timeout={(long)store.CommandTimeout.TotalMilliseconds}";
        AnswerLimit = store.ConnectTimeout + store.CommandTimeout + TimeSpan.FromMilliseconds(500);

        // One row that somebody keeps locked must not keep all others waiting until the statement is ended; and where one is suspected, a moment is enough to see.
        long lockMilliseconds = (long)store.CommandTimeout.TotalMilliseconds / 5;

        // What the journal forgets must be on PostgreSQL's disk. Startup options outrank the server's, the database's and the
        // role's settings, and of two the last one counts, so ours stand behind those of the connection string.
        Writer = Build(store, "writer", OwnConnectionsMax, $"{timeout} -c lock_timeout={lockMilliseconds} -c synchronous_commit=on");
        SuspectWriter = Build(
            store, "writer of suspects", OwnConnectionsMax, $"{timeout} -c lock_timeout={Math.Min(lockMilliseconds, SuspectLockMilliseconds)} -c synchronous_commit=on");

        // A delete lost in a crash is made again by the next pass, so it needn't wait for the disk. The planner may not guess:
        // without statistics it takes a hash join over the whole table for 5,000 ids; in the order of the index the rows are
        // also locked by ascending id, as the writer locks them.
        Sweep = Build(store, "sweep", OwnConnectionsMax,
            $"{timeout} -c synchronous_commit=off -c enable_seqscan=off -c enable_bitmapscan=off -c enable_hashjoin=off -c enable_mergejoin=off "
            + "-c plan_cache_mode=force_generic_plan");

        // A view is given up after about a second (ObjectReader); the server should then not work on for nobody.
        View = Build(store, "view", ViewConnectionsMax, "-c default_transaction_read_only=on -c statement_timeout=1000");
    }

    /// <summary>Connecting and one statement take no longer, or the server hangs.</summary>
    public TimeSpan AnswerLimit { get; }

    public NpgsqlDataSource Writer { get; }

    /// <summary>For batches one of which was refused before.</summary>
    public NpgsqlDataSource SuspectWriter { get; }

    public NpgsqlDataSource Sweep { get; }

    public NpgsqlDataSource View { get; }

    /// <summary>The next ones are begun anew.</summary>
    public void ClearWriters()
    {
        Writer.Clear();
        SuspectWriter.Clear();
    }

    public async ValueTask DisposeAsync()
    {
        await Writer.DisposeAsync();
        await SuspectWriter.DisposeAsync();
        await Sweep.DisposeAsync();
        await View.DisposeAsync();
    }

    /// <exception cref="ArgumentException">Values of the connection string don't go together; also <see cref="InvalidOperationException"/> and <see cref="NotSupportedException"/>.</exception>
    public static NpgsqlDataSource Build(StoreOptions store, string name, int connectionsMax, string sessionOptions)
    {
        var builder = new NpgsqlConnectionStringBuilder(store.ConnectionString);
        builder.ApplicationName = $"{builder.ApplicationName ?? "callback"} {name}";
        builder.Options = $"{builder.Options} {sessionOptions}".TrimStart();
        builder.Pooling = true;
        builder.MinPoolSize = 0;
        builder.MaxPoolSize = connectionsMax;
        // Nobody changes a session here, so none needs the extra statements that reset it.
        builder.NoResetOnClose = true;
        builder.Enlist = false;
        builder.Multiplexing = false;
        builder.Timeout = (int)store.ConnectTimeout.TotalSeconds;
        // None: see Patience.
        builder.CommandTimeout = 0;
        builder.KeepAlive = 0;
        if (!IsUnixSocket(builder.Host))
        {
            // On a unix socket the options themselves fail.
            builder.TcpKeepAlive = true;
            builder.TcpKeepAliveTime = KeepAliveSeconds;
            builder.TcpKeepAliveInterval = KeepAliveIntervalSeconds;
        }

        return NpgsqlDataSource.Create(builder);
    }

    static bool IsUnixSocket(string? host) => host is ['/' or '@', ..];
}

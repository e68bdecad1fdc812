using Callbacks.SystemTests.Acceptance;
using Npgsql;

namespace Callbacks.SystemTests.Faults;

/// <summary>What may be wrong with a PostgreSQL that runs. Each lasts for a while, is said by the service, and is over when it returns.</summary>
sealed class PostgresFaults(ServiceRig rig)
{
    static readonly TimeSpan Deadline = TimeSpan.FromSeconds(15);

    /// <summary>How long each lasts from when the service says it.</summary>
    public static readonly TimeSpan Lasting = TimeSpan.FromSeconds(1.5);

    /// <summary>The service starts while the server is away.</summary>
    public Task StartWithoutServerAsync() => BreakAsync(async () =>
    {
        await rig.Postgres.StopImmediatelyAsync();
        await rig.RestartServiceAsync();
        await UntilDegradedAsync("PostgreSQL is away");
        await LastAsync();
        await rig.Postgres.StartAsync();
    });

    public Task BeReadOnlyAsync() => BreakAsync(async () =>
    {
        await rig.ExecuteAsync("alter system set default_transaction_read_only = on");
        await rig.ExecuteAsync("select pg_reload_conf()");
        await UntilDegradedAsync("25006");
        await LastAsync();
        await rig.ExecuteAsync("alter system reset default_transaction_read_only");
        await rig.ExecuteAsync("select pg_reload_conf()");
    });

    /// <summary>Somebody else has all connections, those of the service included.</summary>
    public Task HaveNoConnectionFreeAsync() => BreakAsync(async () =>
    {
        var taken = new Stack<NpgsqlConnection>();
        try
        {
            await Eventually.TrueAsync(
                async () =>
                {
                    while (await TryConnectAsync() is { } connection)
                        taken.Push(connection);
                    await using var terminate = new NpgsqlCommand(
                        "select pg_terminate_backend(pid) from pg_stat_activity where application_name like 'callback %'", taken.Peek());
                    await terminate.ExecuteNonQueryAsync();
                    return (await rig.Service.StatusAsync()).Reasons.Any(reason => reason.Contains("53300", StringComparison.Ordinal));
                },
                Deadline, () => "the service finds no free connection");
            await LastAsync();
        }
        finally
        {
            foreach (NpgsqlConnection connection in taken)
                await connection.DisposeAsync();
        }
    });

    /// <summary>Each answer takes its time; nothing fails of it.</summary>
    public Task BeSlowAsync() => BreakAsync(async () =>
    {
        rig.Proxy!.Delay = TimeSpan.FromMilliseconds(300);
        await LastAsync();
        Assert.Equal("up", (await rig.Service.StatusAsync()).Postgresql.State);
        rig.Proxy.Delay = TimeSpan.Zero;
    });

    /// <summary>The connection ends when a statement has gone out and before its answer is back, again and again.</summary>
    public Task CutAnswersAsync(int times) => BreakAsync(async () =>
    {
        for (int time = 0; time < times; time++)
        {
            int cuts = rig.Proxy!.Cuts;
            // In each message.
            rig.Proxy.CutAnswerTo = "\0";
            await Eventually.TrueAsync(() => Task.FromResult(rig.Proxy.Cuts > cuts), Deadline, () => "an answer is cut off");
            rig.Proxy.CutAnswerTo = null;
            await UntilUpAsync();
        }
    });

    static Task LastAsync() => Task.Delay(Lasting, TimeProvider.System);

    Task BreakAsync(Func<Task> fault) => rig.BreakAsync("postgres", async () =>
    {
        await fault();
        await UntilUpAsync();
    });

    Task UntilDegradedAsync(string reason) => Eventually.TrueAsync(
        async () => await rig.Service.StatusAsync() is { State: "degraded" } status && status.Reasons.Any(text => text.Contains(reason, StringComparison.Ordinal)),
        Deadline, () => $"the service is degraded and says {reason}");

    Task UntilUpAsync() => Eventually.TrueAsync(
        async () => await rig.Service.StatusAsync() is { Postgresql.State: "up" }, Deadline, () => $"PostgreSQL is up again. The service said:\n{rig.Service.Lines}");

    async Task<NpgsqlConnection?> TryConnectAsync()
    {
        var connection = new NpgsqlConnection(rig.ConnectionString);
        try
        {
            await connection.OpenAsync();
            return connection;
        }
        catch (PostgresException e) when (e.SqlState == PostgresErrorCodes.TooManyConnections)
        {
            await connection.DisposeAsync();
            return null;
        }
    }
}

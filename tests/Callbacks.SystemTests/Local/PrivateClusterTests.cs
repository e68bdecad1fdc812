using System.Globalization;
using Callbacks.Fixtures;
using Callbacks.Local;
using Npgsql;

namespace Callbacks.SystemTests.Local;

public sealed class PrivateClusterTests(PrivateClusterTests.Shared shared) : IClassFixture<PrivateClusterTests.Shared>, IAsyncLifetime
{
    static readonly TimeSpan Deadline = TimeSpan.FromSeconds(90);

    PrivateCluster Cluster => shared.Temporary!.Cluster;

    // Each test finds the server running, whatever the one before did to it.
    public async ValueTask InitializeAsync()
    {
        shared.Temporary ??= await TemporaryCluster.StartAsync();
        if (Cluster.Exited.IsCompleted)
            await Cluster.StartAsync();
        await ExecuteAsync("drop table if exists kept");
    }

    public ValueTask DisposeAsync() => ValueTask.CompletedTask;

    [Fact]
    public async Task What_was_committed_is_there_after_a_restart()
    {
        await ExecuteAsync("create table kept as select 42 as answer");
        await Cluster.RestartAsync();
        Assert.Equal(42, await ScalarAsync("select answer from kept"));
    }

    [Fact]
    public async Task What_was_committed_is_there_after_the_postmaster_was_killed()
    {
        await ExecuteAsync("create table kept as select 42 as answer");
        await Cluster.KillAsync();
        await Cluster.StartAsync();
        Assert.Equal(42, await ScalarAsync("select answer from kept"));
    }

    [Fact]
    public async Task A_pid_file_whose_number_a_stranger_has_now_is_no_obstacle()
    {
        string pidFile = await ScalarAsync("show data_directory") + "/postmaster.pid";
        string[] lines = await File.ReadAllLinesAsync(pidFile);
        await Cluster.KillAsync();
        await using ChildProcess stranger = ChildProcess.Start(new ChildStart("sleep", "1000"));
        lines[0] = stranger.Id.ToString(CultureInfo.InvariantCulture);
        await File.WriteAllLinesAsync(pidFile, lines);

        await Cluster.StartAsync();

        Assert.Equal(1, await ScalarAsync("select 1"));
        Assert.False(stranger.Exited.IsCompleted);
    }

    [Fact]
    public async Task A_server_left_over_from_a_killed_parent_is_ended_first()
    {
        string data = (string)(await ScalarAsync("show data_directory"))!;
        int leftOver = Cluster.ProcessId!.Value;
        await using var second = new PrivateCluster(Path.GetDirectoryName(data)!, Cluster.Port);

        await second.StartAsync().WaitAsync(Deadline);

        await Cluster.Exited.WaitAsync(Deadline);
        Assert.NotEqual(leftOver, second.ProcessId);
    }

    [Fact]
    public async Task A_half_finished_initdb_is_done_again()
    {
        string data = (string)(await ScalarAsync("show data_directory"))!;
        await Cluster.StopAsync();
        Directory.Move(data, data + ".unfinished");
        File.Delete(data + ".unfinished/PG_VERSION");

        await Cluster.StartAsync().WaitAsync(Deadline);

        Assert.Equal(1, await ScalarAsync("select 1"));
    }

    [Fact]
    public async Task Durability_is_not_traded_for_speed()
    {
        Assert.Equal("on", await ScalarAsync("show fsync"));
        Assert.Equal("on", await ScalarAsync("show synchronous_commit"));
        Assert.Equal("on", await ScalarAsync("show full_page_writes"));
    }

    [Fact]
    public async Task Nobody_gets_in_without_the_password()
    {
        string wrong = new NpgsqlConnectionStringBuilder(Cluster.ConnectionString("postgres")) { Password = "wrong" }.ConnectionString;
        await using NpgsqlDataSource source = NpgsqlDataSource.Create(wrong);
        PostgresException refusal = await Assert.ThrowsAsync<PostgresException>(async () => await source.OpenConnectionAsync());
        Assert.Equal(PostgresErrorCodes.InvalidPassword, refusal.SqlState);
    }

    [Fact]
    public async Task A_taken_port_is_named_in_the_error()
    {
        await Cluster.StopAsync();
        using HeldSocket squatter = HeldSocket.Listen(Cluster.Port);
        PortTakenException error = await Assert.ThrowsAsync<PortTakenException>(() => Cluster.StartAsync().WaitAsync(Deadline));
        Assert.Equal(Cluster.Port, error.Port);
    }

    [Theory]
    [InlineData("stop")]
    [InlineData("stop immediately")]
    [InlineData("kill")]
    public async Task No_process_is_left_after_it(string way)
    {
        int[] processes = Descendants(Cluster.ProcessId!.Value);
        Assert.True(processes.Length > 3);
        await (way switch
        {
            "stop" => Cluster.StopAsync(),
            "stop immediately" => Cluster.StopImmediatelyAsync(),
            _ => Cluster.KillAsync(),
        });

        foreach (int process in processes)
            await Processes.GoneAsync(process, Deadline);
    }

    static int[] Descendants(int postmaster) => [postmaster, .. Processes.ChildrenOf(postmaster)];

    public sealed class Shared : IAsyncDisposable
    {
        internal TemporaryCluster? Temporary { get; set; }

        public async ValueTask DisposeAsync()
        {
            if (Temporary is not null)
                await Temporary.DisposeAsync();
        }
    }

    async Task ExecuteAsync(string sql) => await ScalarAsync(sql);

    async Task<object?> ScalarAsync(string sql)
    {
        string unpooled = new NpgsqlConnectionStringBuilder(Cluster.ConnectionString("postgres")) { Pooling = false }.ConnectionString;
        await using NpgsqlDataSource source = NpgsqlDataSource.Create(unpooled);
        await using NpgsqlCommand command = source.CreateCommand(sql);
        return await command.ExecuteScalarAsync();
    }
}

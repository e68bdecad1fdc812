using System.Text.Json;
using Callbacks.Fixtures;
using Callbacks.Local;
using Npgsql;

namespace Callbacks.SystemTests.Acceptance;

/// <summary>What the tester says where nobody looks: plain lines, or one JSON document.</summary>
public sealed class TesterOutputTests
{
    static readonly TimeSpan Deadline = TimeSpan.FromSeconds(60);

    // Nobody listens there.
    readonly string[] _send = ["send", "--url", $"http://127.0.0.1:{FreePort.Take()}", "--rate", "20", "--duration", "1s", "--timeout", "30s"];

    /// <summary>Build servers make Spectre believe in control codes, and so would these.</summary>
    static IReadOnlyDictionary<string, string?> Tempting { get; } = new Dictionary<string, string?>(StringComparer.Ordinal)
    {
        ["TERM"] = "xterm-256color",
        ["COLORTERM"] = "truecolor",
        ["GITHUB_ACTIONS"] = "true",
        ["ASPNETCORE_URLS"] = null,
        ["DOTNET_URLS"] = null,
    };

    [Fact]
    public async Task The_result_of_send_is_plain_lines()
    {
        string said = await RunAsync(0, _send);
        Assert.DoesNotContain('\e', said);
        string[] lines = said.Split('\n');
        Assert.StartsWith("Sending to http://127.0.0.1:", lines[0], StringComparison.Ordinal);
        Assert.Equal("sent answered no latency", string.Join(' ', lines[^4..].Select(line => line.Split(' ')[0])));
        Assert.Contains("refused: 20", lines[^2], StringComparison.Ordinal);
    }

    [Fact]
    public async Task The_result_of_send_for_programs_is_one_JSON_document()
    {
        string said = await RunAsync(0, [.. _send, "--json"]);
        using JsonDocument json = JsonDocument.Parse(said);
        Assert.Equal(20, json.RootElement.GetProperty("sent").GetInt64());
        Assert.Equal(0, json.RootElement.GetProperty("accepted").GetInt64());
        Assert.Equal(20, SendFigures.Parse(said).Unanswered("refused"));
    }

    [Fact]
    public async Task Serve_says_where_it_listens_and_no_more()
    {
        var lines = new Transcript();
        var said = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        await using ChildProcess upstream = ChildProcess.Start(
            Programs.Tester("serve", "--url", $"http://127.0.0.1:{FreePort.Take()}", "--latency-min", "1", "--latency-max", "1", "--seed", "1") with
            {
                Environment = Tempting,
                OnLine = line =>
                {
                    lines.Add(line);
                    said.TrySetResult();
                },
            });
        await said.Task.WaitAsync(Deadline);
        Assert.Equal(0, await upstream.StopAsync(Signal.Interrupt, Deadline));
        string only = Assert.Single(lines.ToString().TrimEnd().Split('\n'));
        Assert.Matches(@"^Objects on http://127\.0\.0\.1:\d+/objects/\{id\}, control on http://127\.0\.0\.1:\d+/control, seed 1\.$", only);
    }

    [Fact]
    public async Task Verify_installs_the_audit()
    {
        string connectionString = await PostgreSql.CreateDatabaseAsync();
        await using NpgsqlDataSource source = NpgsqlDataSource.Create(connectionString);
        await using (NpgsqlCommand create = source.CreateCommand("create table objects (id bigint primary key, online boolean not null, last_seen timestamptz not null)"))
            await create.ExecuteNonQueryAsync();
        await RunAsync(0, "verify", "--install-audit", "--connection-string", connectionString);
        await using NpgsqlCommand change = source.CreateCommand("insert into objects values (1, true, now()); select count(*) from objects_audit where kind = 'i'");
        Assert.Equal(1L, await change.ExecuteScalarAsync());
    }

    [Theory]
    [InlineData("send")]
    [InlineData("serve")]
    [InlineData("verify")]
    public async Task The_help_has_an_example(string command) =>
        Assert.Contains($"Example: callback-tester {command} --", await RunAsync(0, command, "--help"), StringComparison.Ordinal);

    static async Task<string> RunAsync(int expected, params string[] arguments)
    {
        using var deadline = new CancellationTokenSource(Deadline);
        (int exitCode, string said) = await ChildProcess.RunAsync(Programs.Tester(arguments) with { Environment = Tempting }, deadline.Token);
        Assert.True(exitCode == expected, $"{exitCode}: {said}");
        return said;
    }
}

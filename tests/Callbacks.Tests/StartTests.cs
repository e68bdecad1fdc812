using System.Net;
using System.Net.Sockets;
using Callbacks.Configuration;
using Callbacks.Intake;
using Callbacks.Tests.Support;
using Microsoft.AspNetCore.Builder;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.Configuration.Json;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;

namespace Callbacks.Tests;

/// <summary>How the program starts and ends: its exit code, and what it says when it can't start.</summary>
[CollectionDefinition(nameof(StartTests), DisableParallelization = true)]
[Collection(nameof(StartTests))]
public sealed class StartTests : IDisposable
{
    readonly string _folder = Directory.CreateTempSubdirectory("callback-test-start-").FullName;

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    [Fact]
    public async Task Values_that_can_not_be_used_are_said_all_at_once_a_line_each()
    {
        (int code, string[] lines) = await StartAsync(
            "--Intake:IdsMax=0", "--Intake:ConnectionsMax=1", "--Journal:SegmentBytes=1", "--Lookup:InFlightMax=0", "--Store:BatchRowsMax=0", "--Sweep:Retention=00:00:00");
        Assert.Equal(78, code);
        Assert.Equal(
            [
                "Intake:ConnectionsMax is 1; it must be 4 to 100,000.",
                "Intake:IdsMax is 0; it must be 1 to 100,000.",
                "Journal:SegmentBytes is 1; it must be 65,536 to 1,073,741,824, in whole 4,096 bytes.",
                "Lookup:InFlightMax is 0; it must be 1 to 100,000.",
                "Store:BatchRowsMax is 0; it must be 1 to 100,000.",
                "Sweep:Retention is 00:00:00; it must be 00:00:01 to 1.00:00:00.",
            ],
            lines.Order(StringComparer.Ordinal),
            StringComparer.Ordinal);
    }

    [Fact]
    public async Task A_word_where_a_number_belongs_is_said_like_any_other_error()
    {
        (int code, string[] lines) = await StartAsync("--Lookup:InFlightMax=many", "--Sweep:Retention=00:00:00");
        Assert.Equal(78, code);
        Assert.Equal(2, lines.Length);
        Assert.Contains(lines, line => line.Contains("Lookup:InFlightMax", StringComparison.Ordinal) && line.Contains("many", StringComparison.Ordinal));
    }

    [Theory]
    [InlineData("Journal:SegmentBytes=65536", "Intake:IdsMax is 10000; with Journal:SegmentBytes at 65536 it must be 1 to ")]
    [InlineData("Journal:WindowIdsMax=9999", "Journal:WindowIdsMax is 9999; it must be at least Intake:IdsMax (10000). Raise it, or lower Intake:IdsMax.")]
    [InlineData("Journal:BytesMax=50331647", "Journal:BytesMax is 50331647; it must be at least three times Journal:SegmentBytes (16777216).")]
    public async Task Values_that_do_not_go_together_are_said_in_one_line(string flag, string line)
    {
        (int code, string[] lines) = await StartAsync($"--{flag}");
        Assert.Equal(78, code);
        Assert.StartsWith(line, Assert.Single(lines), StringComparison.Ordinal);
    }

    [Fact]
    public async Task More_lookups_and_senders_than_file_descriptors_are_said_with_the_limit_of_this_process()
    {
        long limit = FileDescriptors.ReadLimit() ?? throw new InvalidOperationException("This system tells no limit.");
        Assert.SkipWhen(limit > 200_500, "This process may hold more files than can be asked for.");
        (int code, string[] lines) = await StartAsync("--Lookup:InFlightMax=100000", "--Intake:ConnectionsMax=100000");
        Assert.Equal(78, code);
        Assert.StartsWith(
            $"Lookup:InFlightMax (100000) + Intake:ConnectionsMax (100000) + 500 is 200500; this process may hold {limit} file descriptors. Lower one of them, or raise the limit",
            Assert.Single(lines), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Unknown_keys_wrong_types_ranges_relations_and_addresses_are_said_in_one_go()
    {
        (int code, string[] lines) = await StartAsync(
            "--Store:Keeep=All", "--Sweep:Retention=soon", "--Lookup:InFlightMax=0", "--Journal:WindowIdsMax=5000", "--urls=nonsense");
        Assert.Equal(78, code);
        Assert.Equal(
            [
                "Journal:WindowIdsMax is 5000; it must be at least Intake:IdsMax (10000). Raise it, or lower Intake:IdsMax.",
                "Lookup:InFlightMax is 0; it must be 1 to 100,000.",
                "Store:Keeep (flag) is no known key; did you mean Store:Keep? Correct it or take it away.",
                "Sweep:Retention is 'soon'; it must be a time in the form hours:minutes:seconds, 00:00:01 to 1.00:00:00.",
                "urls is 'nonsense'; it must be like http://localhost:9090, several with a semicolon between them; TLS belongs to what stands in front.",
            ],
            lines, StringComparer.Ordinal);
    }

    [Theory]
    [InlineData("chekc")]
    [InlineData("--Store:Keep")]
    [InlineData("-v=1")]
    public async Task A_word_on_the_command_line_that_would_not_count_is_said(string word)
    {
        (int code, string[] lines) = await StartAsync(word);
        Assert.Equal(78, code);
        Assert.StartsWith($"'{word}' on the command line is neither", Assert.Single(lines), StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_journal_that_can_not_be_opened_is_a_matter_of_configuration()
    {
        string file = Path.Combine(_folder, "file");
        await File.WriteAllTextAsync(file, "");
        (int code, string[] lines) = await StartAsync($"--Journal:Directory={file}");
        Assert.Equal(78, code);
        Assert.StartsWith($"Journal:Directory '{file}' can't be used:", Assert.Single(lines), StringComparison.Ordinal);
    }

    [Fact]
    public async Task An_address_that_is_taken_is_worth_another_try()
    {
        using var taken = new TcpListener(IPAddress.Loopback, 0);
        taken.Start();
        (int code, string[] lines) = await StartAsync(
            $"--Journal:Directory={_folder}/journal", "--Journal:SegmentBytes=131072", $"--urls=http://127.0.0.1:{((IPEndPoint)taken.LocalEndpoint).Port}");
        Assert.Equal(1, code);
        Assert.EndsWith("Stop what listens there, or choose another address with --urls.", Assert.Single(lines), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Being_stopped_while_it_starts_is_an_end_like_any_other()
    {
        Assert.Equal(0, await RunWithAsync<StoppedWhileStarting>());
    }

    [Fact]
    public async Task Being_stopped_when_it_has_started_is_an_end_like_any_other()
    {
        Assert.Equal(0, await CreateBuilder().RunToTheEndAsync(StopWhenStarted));
    }

    [Fact]
    public async Task A_start_that_is_cancelled_though_nobody_stopped_it_is_no_normal_end()
    {
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => RunWithAsync<Cancelled>());
    }

    [Fact]
    public async Task A_background_service_that_fails_is_no_normal_end()
    {
        Assert.Equal(1, await RunWithAsync<Failing>());
    }

    [Fact]
    public async Task Nor_is_one_that_fails_while_others_are_still_starting()
    {
        WebApplicationBuilder builder = CreateBuilder();
        builder.Services.AddHostedService<Failing>().AddHostedService<StartingForEver>();
        Assert.Equal(1, await builder.RunToTheEndAsync(_ => { }));
    }

    [Fact]
    public async Task Two_addresses_of_localhost_that_neither_can_be_listened_on_are_worth_another_try()
    {
        Assert.Equal(1, await RunWithAsync<Refused>());
    }

    [Fact]
    public async Task A_supervisor_s_socket_that_is_gone_keeps_nobody_from_serving()
    {
        const string Variable = "NOTIFY_SOCKET";
        Environment.SetEnvironmentVariable(Variable, Path.Combine(_folder, "gone"));
        try
        {
            Assert.Equal(0, await RunWithAsync<SupervisorSignal>(StopWhenStarted));
        }
        finally
        {
            Environment.SetEnvironmentVariable(Variable, null);
        }
    }

    [Fact]
    public void No_file_is_watched()
    {
        ConfigurationManager configuration = Start.CreateBuilder([])!.Configuration;
        JsonConfigurationSource[] files = [.. ((IConfigurationBuilder)configuration).Sources.OfType<JsonConfigurationSource>()];
        Assert.NotEmpty(files);
        Assert.DoesNotContain(files, file => file.ReloadOnChange);
    }

    static async Task<(int Code, string[] Lines)> StartAsync(params string[] flags)
    {
        ProgramRun run = await ProgramRun.StartAsync(flags);
        return (run.Code, run.Errors);
    }

    static Task<int> RunWithAsync<TService>(Action<WebApplication>? map = null)
        where TService : class, IHostedService
    {
        WebApplicationBuilder builder = CreateBuilder();
        builder.Services.AddHostedService<TService>();
        return builder.RunToTheEndAsync(map ?? (_ => { }));
    }

    static void StopWhenStarted(WebApplication app) => app.Lifetime.ApplicationStarted.Register(app.Lifetime.StopApplication);

    static WebApplicationBuilder CreateBuilder()
    {
        WebApplicationBuilder builder = WebApplication.CreateSlimBuilder(["--urls", "http://127.0.0.1:0"]);
        builder.Logging.ClearProviders();
        return builder;
    }

    sealed class StoppedWhileStarting(IHostApplicationLifetime lifetime) : IHostedService
    {
        public async Task StartAsync(CancellationToken cancellationToken)
        {
            lifetime.StopApplication();
            await Task.Delay(Timeout.Infinite, cancellationToken);
        }

        public Task StopAsync(CancellationToken cancellationToken) => Task.CompletedTask;
    }

    sealed class StartingForEver : IHostedService
    {
        public Task StartAsync(CancellationToken cancellationToken) => Task.Delay(Timeout.Infinite, cancellationToken);

        public Task StopAsync(CancellationToken cancellationToken) => Task.CompletedTask;
    }

    sealed class Failing : BackgroundService
    {
        protected override async Task ExecuteAsync(CancellationToken stoppingToken)
        {
            await Task.Yield();
            throw new InvalidOperationException("Nobody has thought of this one.");
        }
    }

    sealed class Refused : IHostedService
    {
        public Task StartAsync(CancellationToken cancellationToken) =>
            throw new IOException("Failed to bind.", new AggregateException(new SocketException((int)SocketError.AccessDenied), new SocketException((int)SocketError.AccessDenied)));

        public Task StopAsync(CancellationToken cancellationToken) => Task.CompletedTask;
    }

    sealed class Cancelled : IHostedService
    {
        public Task StartAsync(CancellationToken cancellationToken) => Task.FromCanceled(new CancellationToken(canceled: true));

        public Task StopAsync(CancellationToken cancellationToken) => Task.CompletedTask;
    }
}

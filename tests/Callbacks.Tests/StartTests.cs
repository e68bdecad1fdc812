using System.Net;
using System.Net.Sockets;
using Callbacks.Journal;
using Microsoft.AspNetCore.Builder;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;

namespace Callbacks.Tests;

/// <summary>How the program starts and ends: its exit code, and what it says when it can't start.</summary>
[CollectionDefinition(nameof(StartTests), DisableParallelization = true)]
[Collection(nameof(StartTests))]
public sealed class StartTests : IDisposable
{
    static readonly string[] Harmless = ["--urls", "http://127.0.0.1:0", "--Store:ConnectionString=Host=127.0.0.1;Port=1", "--Logging:LogLevel:Default=None", "--Logging:LogLevel:Microsoft=None", "--Logging:LogLevel:Microsoft.Hosting.Lifetime=None"];

    readonly string _folder = Directory.CreateTempSubdirectory("callback-test-start-").FullName;

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    [Fact]
    public async Task Values_that_can_not_be_used_are_said_all_at_once_a_line_each()
    {
        (int code, string[] lines) = await RunProgramAsync(
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
        (int code, string[] lines) = await RunProgramAsync("--Lookup:InFlightMax=many", "--Sweep:Retention=00:00:00");
        Assert.Equal(78, code);
        Assert.Equal(2, lines.Length);
        Assert.Contains(lines, line => line.Contains("Lookup:InFlightMax", StringComparison.Ordinal) && line.Contains("many", StringComparison.Ordinal));
    }

    [Fact]
    public async Task A_journal_that_can_not_be_opened_is_a_matter_of_configuration()
    {
        string file = Path.Combine(_folder, "file");
        await File.WriteAllTextAsync(file, "");
        (int code, string[] lines) = await RunProgramAsync($"--Journal:Directory={file}");
        Assert.Equal(78, code);
        Assert.StartsWith($"Journal:Directory '{file}' can't be used:", Assert.Single(lines), StringComparison.Ordinal);
    }

    [Fact]
    public async Task An_address_that_is_taken_is_worth_another_try()
    {
        using var taken = new TcpListener(IPAddress.Loopback, 0);
        taken.Start();
        (int code, string[] lines) = await RunProgramAsync(
            $"--Journal:Directory={_folder}/journal", "--Journal:SegmentBytes=131072", $"--urls=http://127.0.0.1:{((IPEndPoint)taken.LocalEndpoint).Port}");
        Assert.Equal(1, code);
        Assert.EndsWith("Stop what listens there, or choose another address with --urls.", Assert.Single(lines), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Being_stopped_while_it_starts_is_an_end_like_any_other()
    {
        WebApplicationBuilder builder = CreateBuilder();
        builder.Services.AddHostedService<StoppedWhileStarting>();
        Assert.Equal(0, await builder.RunToTheEndAsync(_ => { }));
    }

    [Fact]
    public async Task Being_stopped_when_it_has_started_is_an_end_like_any_other()
    {
        Assert.Equal(0, await CreateBuilder().RunToTheEndAsync(app => app.Lifetime.ApplicationStarted.Register(app.Lifetime.StopApplication)));
    }

    [Fact]
    public async Task A_start_that_is_cancelled_though_nobody_stopped_it_is_no_normal_end()
    {
        WebApplicationBuilder builder = CreateBuilder();
        builder.Services.AddHostedService<Cancelled>();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => builder.RunToTheEndAsync(_ => { }));
    }

    static WebApplicationBuilder CreateBuilder()
    {
        WebApplicationBuilder builder = WebApplication.CreateSlimBuilder(["--urls", "http://127.0.0.1:0"]);
        builder.Logging.ClearProviders();
        return builder;
    }

    /// <summary>The program's own main method, in this process. Later flags overrule earlier ones.</summary>
    static async Task<(int Code, string[] Lines)> RunProgramAsync(params string[] args)
    {
        TextWriter before = Console.Error;
        using var errors = new StringWriter();
        Console.SetError(TextWriter.Synchronized(errors));
        try
        {
            object? code = await Task.Run(() => typeof(CallbackJournal).Assembly.EntryPoint!.Invoke(null, [(string[])[.. Harmless, .. args]]))
                .WaitAsync(TimeSpan.FromSeconds(30));
            return ((int)code!, errors.ToString().Split('\n', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries));
        }
        finally
        {
            Console.SetError(before);
        }
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

    sealed class Cancelled : IHostedService
    {
        public Task StartAsync(CancellationToken cancellationToken) => Task.FromCanceled(new CancellationToken(canceled: true));

        public Task StopAsync(CancellationToken cancellationToken) => Task.CompletedTask;
    }
}

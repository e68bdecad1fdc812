using System.CommandLine;
using System.Security.Cryptography;
using Callbacks.Tester.CommandLine;
using Callbacks.Tester.Records;
using Callbacks.Tester.Screen;
using Spectre.Console;

namespace Callbacks.Tester.Send;

/// <summary><c>tester send</c>: the sender.</summary>
static class SendCommand
{
    static readonly SendPlan Default = new() { Url = new Uri("http://localhost:9090") };

    public static Command Build()
    {
        var url = new Option<Uri?>("--url")
        {
            Description = "The service.",
            CustomParser = UrlText.Parse,
            DefaultValueFactory = _ => Default.Url,
        };
        var rate = new Option<double>("--rate")
        {
            Description = "Callbacks per second, whatever becomes of them.",
            DefaultValueFactory = _ => Default.Rate,
        };
        var ids = new Option<IntRange>("--ids")
        {
            Description = "Ids per callback: 100 or 0-199.",
            CustomParser = IntRange.ParseCount,
            DefaultValueFactory = _ => Default.IdsPerCallback,
        };
        var idRange = new Option<IntRange>("--id-range")
        {
            Description = "Which ids: 20000 (0 to 19999) or 100-299.",
            CustomParser = IntRange.ParseIds,
            DefaultValueFactory = _ => Default.Ids,
        };
        var duration = new Option<TimeSpan?>("--duration")
        {
            Description = "Such as 30s or 5m; until Ctrl-C if not given.",
            CustomParser = DurationText.ParseOptional,
        };
        var timeout = new Option<TimeSpan>("--timeout")
        {
            Description = "How long an answer is waited for.",
            CustomParser = DurationText.Parse,
            DefaultValueFactory = _ => Default.Patience,
        };
        var fresh = new Option<bool>("--fresh-connection") { Description = "A connection per callback." };
        var connections = new Option<int>("--connections")
        {
            Description = "Kept-alive connections at most.",
            DefaultValueFactory = _ => Default.ConnectionsMax,
        };
        var seed = new Option<int?>("--seed") { Description = "Seed of the ids; drawn and printed if not given." };
        var ledger = new Option<string?>("--ledger") { Description = "Appends every callback and what became of it to this file." };
        var quiet = new Option<bool>("--quiet") { Description = "No progress, only the result as plain lines." };
        var json = new Option<bool>("--json") { Description = "Only the result, as JSON." };

        var command = new Command("send", """
            The sender: POSTs callbacks at a steady rate and counts the answers. Nothing is ever sent twice.
            A terminal shows how it goes; a file or a pipe gets a line every 10 s, and the result.

            Example: callback-tester send --rate 200 --ids 100 --id-range 20000 --duration 5m --ledger ledger.bin
            """)
        {
            url, rate, ids, idRange, duration, timeout, fresh, connections, seed, ledger, quiet, json,
        };
        command.SetAction((parsed, stopping) =>
        {
            var plan = new SendPlan
            {
                Url = parsed.GetValue(url)!,
                Rate = parsed.GetValue(rate),
                IdsPerCallback = parsed.GetValue(ids),
                Ids = parsed.GetValue(idRange),
                Duration = parsed.GetValue(duration),
                Patience = parsed.GetValue(timeout),
                FreshConnections = parsed.GetValue(fresh),
                ConnectionsMax = parsed.GetValue(connections),
                Seed = parsed.GetValue(seed) ?? RandomNumberGenerator.GetInt32(int.MaxValue),
            };
            Show show = parsed.GetValue(json) ? Show.Json : parsed.GetValue(quiet) ? Show.Quiet : Show.Progress;
            return RunAsync(parsed, plan, parsed.GetValue(ledger), show, stopping);
        });
        return command;
    }

    static async Task<int> RunAsync(ParseResult parsed, SendPlan plan, string? ledger, Show show, CancellationToken stopping)
    {
        if (plan.Rate is not (> 0 and <= 1_000_000))
            throw new UsageException("--rate must be above 0 and at most 1000000.");
        if (plan.ConnectionsMax < 1)
            throw new UsageException("--connections must be 1 or more.");
        if (plan.Patience <= TimeSpan.Zero)
            throw new UsageException("--timeout must be above 0.");

        TimeProvider time = TimeProvider.System;
        TextWriter output = parsed.InvocationConfiguration.Output;
        IAnsiConsole? terminal = show == Show.Progress ? Terminal.Of(output) : null;
        SendState state;
        await using (RecordWriter<PostRecord>? writer = ledger is null ? null : LedgerFile.Open(ledger, time))
        {
            using var client = new CallbackClient(plan, time);
            var sender = new Sender(plan, client, writer, time);
            if (show != Show.Json && terminal is null)
                await output.WriteLineAsync($"Sending to {plan.Url}callback, seed {plan.Seed}. Ctrl-C ends it.");
            Task sending = sender.RunAsync(stopping);
            var progress = new SendProgress(plan, sender.Summary, time);
            await (show switch
            {
                Show.Progress when terminal is not null => progress.ShowAsync(terminal, sending, stopping),
                Show.Progress => progress.WriteAsync(output, sending),
                _ => sending,
            });
            state = sender.Summary.Take();
        }

        var report = new SendReport(plan, state);
        if (terminal is null)
            await output.WriteLineAsync(show == Show.Json ? report.ToJson() : report.ToText());
        return 0;
    }

    /// <summary>What is said beside the result.</summary>
    enum Show
    {
        Progress,
        Quiet,
        Json,
    }
}

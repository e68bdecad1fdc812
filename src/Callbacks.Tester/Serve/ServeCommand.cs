using System.CommandLine;
using System.Security.Cryptography;
using Callbacks.Tester.CommandLine;
using Callbacks.Tester.Records;
using Callbacks.Tester.Screen;

namespace Callbacks.Tester.Serve;

/// <summary><c>tester serve</c>: the upstream.</summary>
static class ServeCommand
{
    static readonly Behaviour Default = new();

    public static Command Build()
    {
        var url = new Option<Uri?>("--url")
        {
            Description = "Where to listen.",
            CustomParser = UrlText.Parse,
            DefaultValueFactory = _ => new Uri("http://localhost:9010"),
        };
        var controlUrl = new Option<Uri?>("--control-url")
        {
            Description = "Where /control listens instead of beside /objects; it stays while the upstream is away.",
            CustomParser = UrlText.Parse,
        };
        var log = new Option<string?>("--log") { Description = "Appends every lookup to this file." };
        var seed = new Option<ulong?>("--seed") { Description = "Seed of latencies and misbehaviours; drawn and printed if not given." };
        var latencyMin = new Option<int>("--latency-min")
        {
            Description = "Milliseconds.",
            DefaultValueFactory = _ => Default.LatencyMinMs,
        };
        var latencyMax = new Option<int>("--latency-max")
        {
            Description = "Milliseconds, inclusive.",
            DefaultValueFactory = _ => Default.LatencyMaxMs,
        };
        var changing = new Option<ulong?>("--changing")
        {
            Description = "A seed: each id's answer changes over time. Without it even ids are online.",
        };
        var errorRate = Rate("--error-rate", "Answers 500.");
        var status = new Option<int>("--status")
        {
            Description = "The status of --status-rate.",
            DefaultValueFactory = _ => Default.Status,
        };
        var statusRate = Rate("--status-rate", "Answers --status.");
        var hangRate = Rate("--hang-rate", "Never answers.");
        var notFoundRate = Rate("--not-found-rate", "Answers 404.");
        var tooManyRate = Rate("--too-many-rate", "Answers 429.");
        var retryAfter = new Option<string?>("--retry-after") { Description = "The Retry-After of 429 and 503, sent as it is." };
        var wrongIdRate = Rate("--wrong-id-rate", "Answers about another id.");
        var malformedRate = Rate("--malformed-rate", "Answers with a body that is not what it should be.");
        var endlessRate = Rate("--endless-rate", "Answers with a body that doesn't end.");
        var resetRate = Rate("--reset-rate", "Resets the connection.");
        var trickleRate = Rate("--trickle-rate", "Answers a byte every 200 ms.");
        var redirectRate = Rate("--redirect-rate", "Answers 302 to the same place.");
        var largeRate = Rate("--large-rate", "Answers with 10 MiB.");
        var cutRate = Rate("--cut-rate", "Resets the connection in the middle of the body.");

        var quiet = new Option<bool>("--quiet") { Description = "Shows nothing while it runs, on a terminal either." };

        var command = new Command("serve", """
            The upstream: answers GET /objects/{id} as the task says, and misbehaves on request.
            GET /control/counts tells programs what a terminal shows; PUT /control changes the behaviour while it runs.

            Example: callback-tester serve --changing 7 --error-rate 0.1 --log lookups.bin
            """)
        {
            url, controlUrl, log, seed, latencyMin, latencyMax, changing, errorRate, status, statusRate, hangRate, notFoundRate, tooManyRate,
            retryAfter, wrongIdRate, malformedRate, endlessRate, resetRate, trickleRate, redirectRate, largeRate, cutRate, quiet,
        };
        command.SetAction((parsed, stopping) =>
        {
            var behaviour = new Behaviour
            {
                LatencyMinMs = parsed.GetValue(latencyMin),
                LatencyMaxMs = parsed.GetValue(latencyMax),
                Changing = parsed.GetValue(changing),
                ErrorRate = parsed.GetValue(errorRate),
                Status = parsed.GetValue(status),
                StatusRate = parsed.GetValue(statusRate),
                HangRate = parsed.GetValue(hangRate),
                NotFoundRate = parsed.GetValue(notFoundRate),
                TooManyRate = parsed.GetValue(tooManyRate),
                RetryAfter = parsed.GetValue(retryAfter),
                WrongIdRate = parsed.GetValue(wrongIdRate),
                MalformedRate = parsed.GetValue(malformedRate),
                EndlessRate = parsed.GetValue(endlessRate),
                ResetRate = parsed.GetValue(resetRate),
                TrickleRate = parsed.GetValue(trickleRate),
                RedirectRate = parsed.GetValue(redirectRate),
                LargeRate = parsed.GetValue(largeRate),
                CutRate = parsed.GetValue(cutRate),
            };
            ulong drawn = parsed.GetValue(seed) ?? (ulong)RandomNumberGenerator.GetInt32(int.MaxValue);
            return RunAsync(parsed, behaviour, drawn, parsed.GetValue(url)!, parsed.GetValue(controlUrl), parsed.GetValue(log), parsed.GetValue(quiet), stopping);
        });
        return command;
    }

    static async Task<int> RunAsync(
        ParseResult parsed, Behaviour behaviour, ulong seed, Uri url, Uri? controlUrl, string? log, bool quiet, CancellationToken stopping)
    {
        if (behaviour.Problem() is { } problem)
            throw new UsageException(problem.Replace('_', '-'));

        await using RecordWriter<LookupRecord>? writer = log is null ? null : LookupLog.Open(log, TimeProvider.System);
        var upstream = new Upstream(behaviour, new Dice(seed), writer, TimeProvider.System);
        await using (var server = new UpstreamServer(upstream, url, controlUrl))
        {
            await server.StartAsync();
            TextWriter output = parsed.InvocationConfiguration.Output;
            await output.WriteLineAsync($"Objects on {server.Address}objects/{{id}}, control on {server.ControlAddress}control, seed {seed}.");
            await output.FlushAsync(CancellationToken.None);
            // A log that can't be written ends it too: lookups that aren't logged would be taken for lookups that never were.
            Task serving = Task.WhenAny(Task.Delay(Timeout.Infinite, stopping), writer?.Completion ?? Task.Delay(Timeout.Infinite, stopping));
            if (!quiet && Terminal.Of(output) is { } terminal)
                await new ServeScreen(upstream, TimeProvider.System).ShowAsync(terminal, serving, stopping);
            await serving;
            if (writer is { Completion.IsFaulted: true })
                await writer.Completion;
        }

        return 0;
    }

    static Option<double> Rate(string name, string description) => new(name) { Description = description + " A share of the lookups, 0 to 1." };
}

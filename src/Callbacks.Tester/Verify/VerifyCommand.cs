using System.CommandLine;
using Callbacks.Tester.CommandLine;
using Callbacks.Tester.Records;
using Callbacks.Tester.Screen;

namespace Callbacks.Tester.Verify;

/// <summary><c>tester verify</c>: the verdict.</summary>
static class VerifyCommand
{
    static readonly Rules Default = new();

    public static Command Build()
    {
        var ledgers = new Option<string[]>("--ledger")
        {
            Description = "What send wrote; may be given more than once.",
            AllowMultipleArgumentsPerToken = true,
        };
        var lookups = new Option<string[]>("--lookups")
        {
            Description = "What serve logged; may be given more than once.",
            AllowMultipleArgumentsPerToken = true,
        };
        var connection = new Option<string>("--connection-string") { Description = "The service's PostgreSQL.", Required = true };
        var install = new Option<bool>("--install-audit")
        {
            Description = "Puts the recording triggers on objects, starting anew, and judges nothing.",
        };
        var audit = new Option<bool>("--audit")
        {
            Description = "Judges by the recorded changes as well. Without it only the last retention can be judged.",
        };
        var retention = new Option<TimeSpan>("--retention")
        {
            Description = "How long a row lives.",
            CustomParser = DurationText.Parse,
            DefaultValueFactory = _ => TimeSpan.FromSeconds(30),
        };
        var keep = new Option<string>("--keep")
        {
            Description = "Which answers are stored: online or all.",
            DefaultValueFactory = _ => "online",
        };
        keep.AcceptOnlyFromAmong("online", "all");
        var inFlightMax = new Option<int>("--in-flight-max")
        {
            Description = "The service's limit of lookups at a time: what expires while it is reached counts as overload.",
        };
        var able = new Option<TimeSpan>("--able")
        {
            Description = "An outage excuses a sighting whose life had no stretch as long as this without one; any does, where the retention is no longer.",
            CustomParser = DurationText.Parse,
            DefaultValueFactory = _ => TimeSpan.FromMicroseconds(Default.Able),
        };
        var late = new Option<TimeSpan>("--late")
        {
            Description = "How long a row may stay beyond its time; one in a hundred may stay longer.",
            CustomParser = DurationText.Parse,
            DefaultValueFactory = _ => TimeSpan.FromMicroseconds(Default.Late),
        };
        var recovery = new Option<TimeSpan>("--recovery")
        {
            Description = "How long after an outage of service or PostgreSQL rows may be late.",
            CustomParser = DurationText.Parse,
            DefaultValueFactory = _ => TimeSpan.FromMicroseconds(Default.Recovery),
        };
        var clockSlack = new Option<TimeSpan>("--clock-slack")
        {
            Description = "How far apart the parts may read the clock.",
            CustomParser = DurationText.Parse,
            DefaultValueFactory = _ => TimeSpan.FromMicroseconds(Default.ClockSlack),
        };
        var outages = new Option<string?>("--outages")
        {
            Description = "A file of lines start,end,kind with kind service, postgres, upstream or machine.",
        };
        var strict = new Option<bool>("--strict") { Description = "Sightings that were passed over are wrong." };
        var statusUrl = new Option<Uri?>("--status-url")
        {
            Description = "The service: shows its /status beside the verdict.",
            CustomParser = UrlText.Parse,
        };
        var json = new Option<bool>("--json") { Description = "The result as JSON." };

        var command = new Command("verify", """
            The verdict: was anything missed, is anything wrong? Exit code 0: no, 1: yes, 2: couldn't be judged.

            Example: callback-tester verify --ledger ledger.bin --lookups lookups.bin --connection-string "$PG"
            """)
        {
            ledgers, lookups, connection, install, audit, retention, keep, inFlightMax, able, late, recovery,
            clockSlack, outages, strict, statusUrl, json,
        };
        command.SetAction(async (parsed, cancelled) =>
        {
            string connectionString = parsed.GetRequiredValue(connection);
            if (parsed.GetValue(install))
            {
                await Database.InstallAuditAsync(connectionString, cancelled);
                await parsed.InvocationConfiguration.Output.WriteLineAsync("Every change to objects is now recorded in objects_audit.");
                return 0;
            }

            if (parsed.GetValue(ledgers) is not { Length: > 0 } ledgerPaths || parsed.GetValue(lookups) is not { Length: > 0 } lookupPaths)
                throw new UsageException("A verdict needs at least one --ledger and one --lookups.");

            var rules = new Rules
            {
                Retention = Moment.From(parsed.GetValue(retention)),
                KeepAll = string.Equals(parsed.GetValue(keep), "all", StringComparison.Ordinal),
                InFlightMax = parsed.GetValue(inFlightMax),
                Able = Moment.From(parsed.GetValue(able)),
                Late = Moment.From(parsed.GetValue(late)),
                Recovery = Moment.From(parsed.GetValue(recovery)),
                ClockSlack = Moment.From(parsed.GetValue(clockSlack)),
                Strict = parsed.GetValue(strict),
            };
            Snapshot snapshot = await Database.ReadAsync(connectionString, parsed.GetValue(audit), cancelled);
            var evidence = new Evidence
            {
                Ledger = new Ledger(ledgerPaths.SelectMany(LedgerFile.Read)),
                Lookups = [.. lookupPaths.SelectMany(LookupLog.Read)],
                Changes = snapshot.Changes,
                AuditFrom = snapshot.AuditFrom,
                Table = snapshot.Table,
                ReadAt = snapshot.ReadAt,
                Outages = parsed.GetValue(outages) is { } path ? OutageFile.Read(path) : [],
            };
            string? status = await StatusAsync(parsed.GetValue(statusUrl), cancelled);
            Verdict verdict = Judge.Run(evidence, rules);
            TextWriter output = parsed.InvocationConfiguration.Output;
            var report = new VerdictReport(verdict, status);
            if (parsed.GetValue(json))
                await output.WriteLineAsync(report.ToJson());
            else if (Terminal.Of(output) is { } terminal)
                terminal.Write(new VerdictScreen(verdict, status).Draw());
            else
                await output.WriteLineAsync(report.ToText());
            return verdict.IsGood ? 0 : 1;
        });
        return command;
    }

    static async Task<string?> StatusAsync(Uri? service, CancellationToken cancelled)
    {
        if (service is null)
            return null;

        using var client = new HttpClient(new SocketsHttpHandler { UseProxy = false, AllowAutoRedirect = false }) { Timeout = TimeSpan.FromSeconds(5) };
        return await client.GetStringAsync(new Uri(service, "status"), cancelled);
    }
}

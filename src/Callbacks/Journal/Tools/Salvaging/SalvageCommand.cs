using System.CommandLine;
using Callbacks.Time;

namespace Callbacks.Journal.Tools.Salvaging;

/// <summary><c>journal salvage</c>: what is whole in a segment that was set aside or copied away, offered to a running service again.</summary>
static class SalvageCommand
{
    public static Command Build(ToolSettings settings, TimeProvider time)
    {
        var file = new Argument<string>("FILE") { Description = "NNN.damaged of a journal, or a segment copied elsewhere." };
        var asNew = new Option<bool>("--as-new") { Description = "Sends them. They count as received now: last_seen will be later than the truth." };
        var all = new Option<bool>("--all") { Description = "Those that are known to be settled, too." };
        var url = new Option<string>("--url") { Description = "The service.", DefaultValueFactory = _ => "http://localhost:9090" };
        var rate = new Option<double>("--rate") { Description = "POSTs per second at most.", DefaultValueFactory = _ => 20 };
        var idsMax = new Option<int>("--ids-max") { Description = "Ids of one POST; a callback with more is sent in parts. As configured (Intake:IdsMax), if not given.", DefaultValueFactory = _ => settings.IdsMax };
        var after = new Option<string?>("--after") { Description = "Goes on after this callback, the last one that an earlier salvage says was accepted." };
        var progress = new Option<string?>("--progress") { Description = "A file that keeps what was accepted: the same command again goes on from there." };
        var number = new Option<ulong?>("--number") { Description = "The segment's number, when neither name nor header tells it." };
        var command = new Command("salvage", "Shows what is whole in a segment that was set aside or copied elsewhere; with --as-new, offers it to a running service again.")
        {
            file, asNew, all, url, rate, idsMax, after, progress, number,
        };
        command.SetAction(async (parsed, stopping) =>
        {
            if (!Uri.TryCreate(parsed.GetValue(url)!.TrimEnd('/') + "/callback", UriKind.Absolute, out Uri? address) || address.Scheme is not ("http" or "https"))
                throw new ToolException($"--url '{parsed.GetValue(url)}' is no address; write it as http://localhost:9090.");
            if (parsed.GetValue(rate) is not (> 0 and <= 10_000))
                throw new ToolException("--rate must be above 0 and at most 10,000.");
            if (parsed.GetValue(idsMax) < 1)
                throw new ToolException("--ids-max must be 1 or more.");

            var source = SalvageSource.Read(parsed.GetValue(file)!, parsed.GetValue(number), stopping);
            TextWriter output = parsed.InvocationConfiguration.Output;
            bool sends = parsed.GetValue(asNew);
            using SalvageProgress? kept = sends && parsed.GetValue(progress) is { } path ? SalvageProgress.Open(path) : null;
            ulong done = new[] { parsed.GetValue(after), kept?.Last }.OfType<string>().Select(id => SalvagePlan.NumberAfter(source, id)).Append(0UL).Max();
            var plan = new SalvagePlan(source, parsed.GetValue(all), done);
            foreach (string line in plan.Describe(Instant.From(time.GetUtcNow())).Concat(sends ? [] : SalvagePlan.Warn()))
                await output.WriteLineAsync(line);
            await output.FlushAsync(CancellationToken.None);
            if (!sends)
                return 0;

            using var poster = new CallbackPoster(address, time, new Random());
            var sending = new SalvageSending(poster, parsed.GetValue(rate), parsed.GetValue(idsMax), time, output, kept);
            return await sending.RunAsync(plan.ToSend, stopping) ? 0 : JournalTools.Bad;
        });
        return command;
    }
}

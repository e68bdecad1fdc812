using System.Globalization;
using Callbacks.Bench.Framework;
using Callbacks.Local;

namespace Callbacks.Bench.Load;

/// <summary>
/// <c>wrk</c>: each of its connections sends the next callback when the last is answered, so that the server is never idle. 100 ids in a
/// body, 2,048 bodies that are all different.
/// </summary>
sealed record Wrk(double Seconds, long Answered, long Failed, LatencySummary Latency)
{
    public const int Connections = 256;

    // Ids of 1 to 1,000,000 have 1 to 7 digits, so the bodies differ in length, too.
    const string Script = """
        local requests, at = {}, 0
        local threads = 0
        function setup(thread) threads = threads + 1; thread:set("number", threads) end
        function init()
          math.randomseed(number)
          for i = 1, 2048 do
            local ids = {}
            for j = 1, 100 do ids[j] = math.floor(10 ^ (math.random() * 6)) end
            requests[i] = wrk.format("POST", "/callback", nil, '{"object_ids":[' .. table.concat(ids, ",") .. "]}")
          end
        end
        function request() at = at % 2048 + 1; return requests[at] end
        function done(summary, latency)
          print("=answered", summary.requests)
          print("=microseconds", summary.duration)
          print("=failed", summary.errors.connect + summary.errors.read + summary.errors.write + summary.errors.status + summary.errors.timeout)
          for p in ("PERCENTILES"):gmatch("%S+") do
            local n = tonumber(p)
            print("=p" .. p, n == 0 and latency.min or n == 100 and latency.max or latency:percentile(n))
          end
        end
        """;

    /// <exception cref="LocalException">It is not installed.</exception>
    public static async Task<Wrk> RunAsync(BenchContext context, Uri url, TimeSpan duration)
    {
        string script = Path.Combine(context.Folder, "callbacks.lua");
        string percentiles = string.Join(' ', LatencySummary.Percentiles.Select(percentile => percentile.ToString(CultureInfo.InvariantCulture)));
        await File.WriteAllTextAsync(script, Script.Replace("PERCENTILES", percentiles, StringComparison.Ordinal), context.Stop);
        (int exitCode, string output) = await ChildProcess.RunAsync(
            new ChildStart("wrk", "-t2", $"-c{Connections}", $"-d{duration.TotalSeconds:F0}s", "-s", script, $"{url}"), context.Stop);
        if (exitCode != 0)
            throw new BenchException($"wrk failed ({exitCode}): {output.ReplaceLineEndings(" | ")}");

        Dictionary<string, double> figures = output.Split('\n').Where(line => line.StartsWith('=')).Select(line => line[1..].Split('\t'))
            .ToDictionary(parts => parts[0], parts => double.Parse(parts[1], CultureInfo.InvariantCulture), StringComparer.Ordinal);
        long answered = (long)figures["answered"];
        return new Wrk(
            figures["microseconds"] / 1e6, answered, (long)figures["failed"],
            LatencySummary.From(answered, percentile => At(figures, percentile)));
    }

    // Only percentiles that were asked for.
    static double At(Dictionary<string, double> figures, double percentile) => figures["p" + percentile.ToString(CultureInfo.InvariantCulture)] / 1000;
}

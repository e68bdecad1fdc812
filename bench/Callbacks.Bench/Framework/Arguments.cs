using System.Globalization;

namespace Callbacks.Bench.Framework;

/// <summary>The command line: <c>NAME|all [--runs N] [--smoke] [--seconds N] [--results FOLDER] [--other DLL]</c>.</summary>
sealed record Arguments(IReadOnlyList<Measurement> Benches, BenchOptions Options)
{
    /// <summary>Null when it can't be understood.</summary>
    public static Arguments? Parse(string[] args, IReadOnlyList<Measurement> all)
    {
        if (args is not [string name, .. string[] rest])
            return null;
        Measurement[] chosen = [.. all.Where(bench => name == "all" || bench.Name == name)];
        var options = new BenchOptions(Runs: null, Seconds: null, IsSmoke: false, Results: Path.Combine("artifacts", "bench"));
        for (int i = 0; i < rest.Length; i++)
        {
            string value = i + 1 < rest.Length ? rest[i + 1] : "";
            switch (rest[i])
            {
                case "--smoke":
                    options = options with { IsSmoke = true };
                    continue;
                case "--runs" when int.TryParse(value, CultureInfo.InvariantCulture, out int runs) && runs > 0:
                    options = options with { Runs = runs };
                    break;
                case "--seconds" when int.TryParse(value, CultureInfo.InvariantCulture, out int seconds) && seconds > 0:
                    options = options with { Seconds = seconds };
                    break;
                case "--results" when value.Length > 0:
                    options = options with { Results = Path.GetFullPath(value) };
                    break;
                case "--other" when File.Exists(value):
                    options = options with { Other = Path.GetFullPath(value) };
                    break;
                default:
                    return null;
            }

            i++;
        }

        return chosen.Length == 0 || (options.Other is not null && !chosen.All(bench => bench.TakesOther)) ? null : new Arguments(chosen, options);
    }

    public static string Usage(IEnumerable<Measurement> all) =>
        $"callback-bench NAME|all [--runs N] [--smoke] [--seconds N] [--results FOLDER] [--other DLL], where NAME is one of: {string.Join(", ", all.Select(bench => bench.Name))};\n" +
        $"--other takes the callback.dll of another build as one more side of: {string.Join(", ", all.Where(bench => bench.TakesOther).Select(bench => bench.Name))}";
}

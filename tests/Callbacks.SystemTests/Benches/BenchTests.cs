using Callbacks.Local;
using Callbacks.SystemTests.Acceptance;

namespace Callbacks.SystemTests.Benches;

/// <summary>
/// Each bench with sides of a second or two: that it runs, writes its report, and that both sides do what they should (each bench counts
/// on both ends). No time is judged.
/// </summary>
public sealed class BenchTests(ITestOutputHelper output) : IDisposable
{
    static readonly TimeSpan Deadline = TimeSpan.FromMinutes(2);

    static int _count;

    // Named as all folders of a test run are, with its process: the next run removes what a killed one left.
    readonly string _results = Directory.CreateDirectory(
        Path.Combine(Path.GetTempPath(), $"callback-test-{Environment.ProcessId}-bench-{Interlocked.Increment(ref _count)}")).FullName;

    [Fact]
    public Task The_bench_accept_runs_and_every_callback_answered_is_counted_behind_the_server() => RunAsync("accept", program: "wrk");

    [Fact]
    public Task The_bench_journal_runs_and_every_append_is_in_the_books_or_in_the_table() => RunAsync("journal");

    [Fact]
    public Task The_bench_lookup_cpu_runs_and_every_answer_reaches_the_store() => RunAsync("lookup-cpu");

    [Fact]
    public Task The_bench_lookup_wide_runs_and_no_lookup_fails() => RunAsync("lookup-wide");

    [Fact]
    public Task The_bench_store_runs_and_every_row_is_settled() => RunAsync("store");

    [Fact]
    public Task The_bench_chain_runs_and_knows_when_each_row_became_visible() => RunAsync("chain");

    [Fact]
    public Task The_bench_expiry_runs_and_no_row_goes_early() => RunAsync("expiry");

    [Fact]
    public Task The_bench_overload_runs_and_the_balance_holds() => RunAsync("overload");

    [Fact]
    public Task The_bench_growth_runs_and_the_table_keeps_its_rows() => RunAsync("growth");

    [Fact]
    public Task The_bench_start_runs_and_finds_all_that_was_pending() => RunAsync("start");

    public void Dispose() => Directory.Delete(_results, recursive: true);

    async Task RunAsync(string bench, string? program = null)
    {
        bool isCi = Environment.GetEnvironmentVariable("CI") is "true";
        Assert.SkipWhen(!ServerPrograms.FindAll().Any() && !isCi, "PostgreSQL is not installed.");
        Assert.SkipWhen(program is not null && !IsInstalled(program) && !isCi, $"{program} is not installed.");
        var lines = new Transcript();
        await using ChildProcess process = ChildProcess.Start(
            Programs.Bench(bench, "--smoke", "--seconds", "1", "--results", _results) with { OnLine = lines.Add });
        int exitCode = await process.Exited.WaitAsync(Deadline);
        output.WriteLine($"{lines}");
        Assert.True(exitCode == 0, $"The bench ended with {exitCode}. It said:\n{lines}");
        Assert.Contains("nothing judged", lines.ToString(), StringComparison.Ordinal);
        Assert.NotEmpty(Directory.GetFiles(_results, $"{bench}-*.json"));
        string page = await File.ReadAllTextAsync(Assert.Single(Directory.GetFiles(_results, $"{bench}-*.html")));
        Assert.Contains("<svg", page, StringComparison.Ordinal);
        // Nothing is fetched: the page is the whole report.
        Assert.DoesNotContain("src=", page, StringComparison.Ordinal);
        Assert.DoesNotContain("href=", page, StringComparison.Ordinal);
    }

    static bool IsInstalled(string program) =>
        (Environment.GetEnvironmentVariable("PATH") ?? "").Split(Path.PathSeparator).Any(folder => File.Exists(Path.Combine(folder, program)));
}

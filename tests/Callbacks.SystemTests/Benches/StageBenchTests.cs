namespace Callbacks.SystemTests.Benches;

/// <summary>The benches of single stages, and those that start whole services for a moment.</summary>
public sealed class StageBenchTests(ITestOutputHelper output)
{
    [Fact]
    public Task The_bench_journal_runs_and_every_append_is_in_the_books_or_in_the_table() => BenchTrial.RunAsync(output, "journal");

    [Fact]
    public Task The_bench_lookup_cpu_runs_and_every_answer_reaches_the_store() => BenchTrial.RunAsync(output, "lookup-cpu");

    [Fact]
    public Task The_bench_lookup_wide_runs_and_no_lookup_fails() => BenchTrial.RunAsync(output, "lookup-wide");

    [Fact]
    public Task The_bench_store_runs_and_every_row_is_settled() => BenchTrial.RunAsync(output, "store");

    [Fact]
    public Task The_bench_start_runs_and_finds_all_that_was_pending() => BenchTrial.RunAsync(output, "start");

    [Fact]
    public Task The_bench_chain_runs_and_knows_when_each_row_became_visible() => BenchTrial.RunAsync(output, "chain");
}

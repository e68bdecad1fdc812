namespace Callbacks.SystemTests.Benches;

/// <summary>The benches of the whole service.</summary>
public sealed class ServiceBenchTests(ITestOutputHelper output)
{
    [Fact]
    public Task The_bench_accept_runs_and_every_callback_answered_is_counted_behind_the_server() => BenchTrial.RunAsync(output, "accept", program: "wrk");

    [Fact]
    public Task The_bench_expiry_runs_and_no_row_goes_early() => BenchTrial.RunAsync(output, "expiry");

    [Fact]
    public Task The_bench_overload_runs_and_the_balance_holds() => BenchTrial.RunAsync(output, "overload");

    [Fact]
    public Task The_bench_growth_runs_and_the_table_keeps_its_rows() => BenchTrial.RunAsync(output, "growth");
}

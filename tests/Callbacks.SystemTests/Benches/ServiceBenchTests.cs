using Callbacks.SystemTests.Acceptance;

namespace Callbacks.SystemTests.Benches;

/// <summary>The benches of the whole service.</summary>
public sealed class ServiceBenchTests(ITestOutputHelper output)
{
    [Fact]
    public async Task The_bench_accept_runs_and_every_callback_answered_is_counted_behind_the_server_also_of_another_build()
    {
        string said = await BenchTrial.RunAsync(output, "accept", program: "wrk", "--other", Programs.ServicePath);
        Assert.Contains("against the other build", said, StringComparison.Ordinal);
    }

    [Fact]
    public Task The_bench_expiry_runs_and_no_row_goes_early() => BenchTrial.RunAsync(output, "expiry");

    [Fact]
    public Task The_bench_overload_runs_and_the_balance_holds() => BenchTrial.RunAsync(output, "overload");

    [Fact]
    public Task The_bench_growth_runs_and_the_table_keeps_its_rows() => BenchTrial.RunAsync(output, "growth");
}

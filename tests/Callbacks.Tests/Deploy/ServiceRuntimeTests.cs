using System.Runtime.InteropServices;
using System.Text;
using Callbacks.Fixtures;
using Callbacks.Local;

namespace Callbacks.Tests.Deploy;

public sealed class ServiceRuntimeTests
{
    /// <summary>The runtime passes over a name that it doesn't know.</summary>
    [Theory]
    [InlineData("deploy/systemd/callback.service", "Environment=DOTNET_GCGen1MaxBudget=")]
    [InlineData("deploy/Dockerfile", "    DOTNET_GCGen1MaxBudget=")]
    [InlineData("callback", "bound_garbage() { export DOTNET_GCGen1MaxBudget=\"${DOTNET_GCGen1MaxBudget:-")]
    public void Whatever_starts_the_service_tells_its_runtime_the_same(string file, string start)
    {
        Assert.Contains(ServiceRuntime.Gen1MaxBudgetName, start, StringComparison.Ordinal);
        string line = Assert.Single(File.ReadAllLines(Path.Combine(Repository.Folder, file)), line => line.StartsWith(start, StringComparison.Ordinal));
        Assert.Equal(ServiceRuntime.Gen1MaxBudget, line[start.Length..].TrimEnd('}', '"', ';', '\\', ' '));
    }

    /// <summary>And a runtime that has no use for it any more would leave us with a setting that does nothing.</summary>
    [Fact]
    public void The_runtime_knows_the_name()
    {
        byte[] runtime = File.ReadAllBytes(Path.Combine(RuntimeEnvironment.GetRuntimeDirectory(), "libcoreclr.so"));
        string name = ServiceRuntime.Gen1MaxBudgetName["DOTNET_".Length..];
        Assert.True(runtime.AsSpan().IndexOf(Encoding.ASCII.GetBytes(name)) >= 0 || runtime.AsSpan().IndexOf(Encoding.Unicode.GetBytes(name)) >= 0);
    }
}

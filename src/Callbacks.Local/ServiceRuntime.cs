namespace Callbacks.Local;

/// <summary>What the service's runtime can be told by its environment only. The launcher and the files in <c>deploy/</c> say the same.</summary>
static class ServiceRuntime
{
    /// <summary>The name of <see cref="Gen1MaxBudget"/>'s variable.</summary>
    public const string Gen1MaxBudgetName = "DOTNET_GCGen1MaxBudget";

    /// <summary>
    /// Bytes, hexadecimal: 8 MiB a heap. What lookups in flight keep alive when the young generation is collected, is dead the next time; without a bound it waits until there are
    /// some 200 MB of it (<c>bench lookup-wide</c>).
    /// </summary>
    public const string Gen1MaxBudget = "800000";

    /// <summary>For the environment of a program that is started from here: what our own says, else <see cref="Gen1MaxBudget"/>.</summary>
    public static string Gen1MaxBudgetHere => Environment.GetEnvironmentVariable(Gen1MaxBudgetName) ?? Gen1MaxBudget;
}

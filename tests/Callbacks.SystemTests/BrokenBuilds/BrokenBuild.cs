namespace Callbacks.SystemTests.BrokenBuilds;

/// <summary>A way to break the service, and what has to notice it. It exists only in the laboratory, never as a switch of the product.</summary>
/// <param name="Name">What the broken service does, as faults.md has it.</param>
/// <param name="File">Below <c>src/Callbacks</c>.</param>
/// <param name="Find">Occurs exactly once in the file.</param>
/// <param name="Replace">What stands in its place in the broken build.</param>
/// <param name="CaughtBy">Test methods, each as <c>Class.Method</c>, every one of which fails with this build.</param>
sealed record BrokenBuild(string Name, string File, string Find, string Replace, params string[] CaughtBy)
{
    public string Break(string source) => source.Replace(Find, Replace, StringComparison.Ordinal);
}

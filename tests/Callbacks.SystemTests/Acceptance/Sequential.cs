namespace Callbacks.SystemTests.Acceptance;

/// <summary>
/// One trial at a time, after all others: each takes the whole machine, or judges times. Beside it run at most those that are marked
/// <c>[SpareCpu]</c>, at a lower priority.
/// </summary>
[CollectionDefinition(Name, DisableParallelization = true)]
public sealed class Sequential
{
    public const string Name = "acceptance";
}

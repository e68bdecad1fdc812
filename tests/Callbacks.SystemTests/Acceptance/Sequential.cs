namespace Callbacks.SystemTests.Acceptance;

/// <summary>One trial at a time, after all others, and nothing beside it: each takes the whole machine, or judges times.</summary>
[CollectionDefinition(Name, DisableParallelization = true)]
public sealed class Sequential
{
    public const string Name = "acceptance";
}

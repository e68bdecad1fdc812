namespace Callbacks.SystemTests.Acceptance;

/// <summary>One trial at a time, and nothing beside it: each takes the whole machine.</summary>
[CollectionDefinition(Name, DisableParallelization = true)]
public sealed class Sequential
{
    public const string Name = "acceptance";
}

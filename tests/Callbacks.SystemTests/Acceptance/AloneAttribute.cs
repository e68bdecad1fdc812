using Xunit.v3;

namespace Callbacks.SystemTests.Acceptance;

/// <summary>
/// Trials that put load on the machine or judge times: <c>./callback test</c> runs them after all others, and one at a time has its
/// <see cref="Turn"/>.
/// </summary>
[AttributeUsage(AttributeTargets.Class)]
sealed class AloneAttribute : Attribute, ITraitAttribute
{
    /// <summary>Of the trait, as the launcher names it: <c>machine=alone</c>.</summary>
    public const string Name = "machine", Value = "alone";

    public IReadOnlyCollection<KeyValuePair<string, string>> GetTraits() => [new(Name, Value)];
}

using Xunit.v3;

namespace Callbacks.Fixtures;

/// <summary>
/// Judges no times but generous deadlines, and takes much CPU: <c>./callback test</c> runs it, at a lower priority, beside trials that mostly
/// wait.
/// </summary>
[AttributeUsage(AttributeTargets.Class)]
public sealed class SpareCpuAttribute : Attribute, ITraitAttribute
{
    public IReadOnlyCollection<KeyValuePair<string, string>> GetTraits() => [new("cpu", "spare")];
}

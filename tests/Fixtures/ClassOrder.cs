using Xunit.Sdk;
using Xunit.v3;

namespace Callbacks.Fixtures;

/// <summary>
/// Which classes begin first and which last; all others come between, in the order of their names. One that takes long and begins late is run by a single
/// thread at the end, while the others have nothing to do.
/// </summary>
abstract class ClassOrder(Type[] first, Type[] last) : ITestCollectionOrderer
{
    // Each class is a collection of its own, which is named after it.
    readonly string[] _first = [.. first.Select(NameOf)];
    readonly string[] _last = [.. last.Select(NameOf)];

    public IReadOnlyCollection<TTestCollection> OrderTestCollections<TTestCollection>(IReadOnlyCollection<TTestCollection> testCollections)
        where TTestCollection : ITestCollection =>
        [.. testCollections.OrderBy(collection => Place(collection.TestCollectionDisplayName)).ThenBy(collection => collection.TestCollectionDisplayName, StringComparer.Ordinal)];

    static string NameOf(Type type) => $"Test collection for {type.FullName} ";

    int Place(string name)
    {
        int index = Array.FindIndex(_first, one => name.StartsWith(one, StringComparison.Ordinal));
        return index >= 0 ? index - _first.Length : 1 + Array.FindIndex(_last, one => name.StartsWith(one, StringComparison.Ordinal));
    }
}

namespace Callbacks.Tester.Verify;

/// <summary>Records side by side by object: a counting sort, since millions are to be grouped and the objects are numbered.</summary>
sealed class Grouped<T>
{
    readonly T[] _items;
    readonly int[] _first;

    /// <param name="groups">How many objects there are.</param>
    /// <param name="each">Calls back with each record and its object's number; is run twice. Order within an object is kept.</param>
    public Grouped(int groups, Action<Action<int, T>> each)
    {
        _first = new int[groups + 1];
        each((group, _) => _first[group + 1]++);
        for (int group = 0; group < groups; group++)
            _first[group + 1] += _first[group];

        _items = new T[_first[groups]];
        int[] next = _first[..groups];
        each((group, item) => _items[next[group]++] = item);
    }

    public Span<T> this[int group] => _items.AsSpan(_first[group].._first[group + 1]);

    public Grouped<T> Sorted(Comparison<T> comparison)
    {
        for (int group = 0; group < _first.Length - 1; group++)
            this[group].Sort(comparison);
        return this;
    }
}

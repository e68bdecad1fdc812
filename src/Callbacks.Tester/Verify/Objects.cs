namespace Callbacks.Tester.Verify;

/// <summary>Numbers the objects from 0 on, in the order in which the records first name them.</summary>
sealed class Objects
{
    readonly Dictionary<long, int> _numbers = [];
    readonly List<long> _ids = [];

    public Objects(Evidence evidence)
    {
        for (int callback = 0; callback < evidence.Ledger.Count; callback++)
        {
            foreach (long id in evidence.Ledger.Ids(callback))
                Add(id);
        }

        foreach (Records.LookupRecord lookup in evidence.Lookups)
        {
            if (lookup.IsLookup)
                Add(lookup.Id);
        }

        foreach (Change change in evidence.Changes ?? [])
            Add(change.Id);
        foreach (TableRow row in evidence.Table)
            Add(row.Id);
    }

    public int Count => _ids.Count;

    public long IdOf(int number) => _ids[number];

    public int NumberOf(long id) => _numbers[id];

    void Add(long id)
    {
        if (_numbers.TryAdd(id, _ids.Count))
            _ids.Add(id);
    }
}

namespace Callbacks.Journal.Pending;

/// <summary>A doubly linked list through the entries themselves; an entry is in one list at most. Index 0 is no entry.</summary>
struct EntryList
{
    public int First { get; private set; }
    public int Last { get; private set; }

    public int Count { get; private set; }

    public readonly bool IsEmpty => First == 0;

    public void AddLast(PendingIds entries, int index)
    {
        ref PendingIdDetails entry = ref entries.DetailsOf(index);
        entry.Previous = Last;
        entry.Next = 0;
        if (Last == 0)
            First = index;
        else
            entries.DetailsOf(Last).Next = index;
        Last = index;
        Count++;
    }

    public void Remove(PendingIds entries, int index)
    {
        ref PendingIdDetails entry = ref entries.DetailsOf(index);
        if (entry.Previous == 0)
            First = entry.Next;
        else
            entries.DetailsOf(entry.Previous).Next = entry.Next;
        if (entry.Next == 0)
            Last = entry.Previous;
        else
            entries.DetailsOf(entry.Next).Previous = entry.Previous;
        Count--;
    }
}

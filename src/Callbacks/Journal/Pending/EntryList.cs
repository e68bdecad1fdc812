namespace Callbacks.Journal.Pending;

/// <summary>A doubly linked list through the entries themselves; an entry is in one list at most. Index 0 is no entry.</summary>
struct EntryList
{
    public int First { get; private set; }
    public int Last { get; private set; }

    public int Count { get; private set; }

    public readonly bool IsEmpty => First == 0;

    public void AddLast(PendingId[] entries, int index)
    {
        entries[index].Previous = Last;
        entries[index].Next = 0;
        if (Last == 0)
            First = index;
        else
            entries[Last].Next = index;
        Last = index;
        Count++;
    }

    public void Remove(PendingId[] entries, int index)
    {
        ref PendingId entry = ref entries[index];
        if (entry.Previous == 0)
            First = entry.Next;
        else
            entries[entry.Previous].Next = entry.Next;
        if (entry.Next == 0)
            Last = entry.Previous;
        else
            entries[entry.Next].Previous = entry.Previous;
        Count--;
    }
}

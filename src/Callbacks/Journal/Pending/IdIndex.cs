using System.Numerics;

namespace Callbacks.Journal.Pending;

/// <summary>
/// From id to entry: open addressing with linear probing and backward-shift deletion, at most half full. The multiplier is drawn at
/// the start, so that nobody can choose ids that collide.
/// </summary>
sealed class IdIndex
{
    readonly PendingId[] _entries;
    readonly ulong _multiplier;
    readonly int[] _slots;
    readonly int _shift;

    public IdIndex(PendingId[] entries, Random random)
    {
        _entries = entries;
        _multiplier = (ulong)random.NextInt64() << 1 | 1 | 1UL << 63;
        int size = (int)BitOperations.RoundUpToPowerOf2((uint)entries.Length * 2);
        _slots = new int[size];
        _shift = 64 - BitOperations.Log2((uint)size);
    }

    /// <summary>The entry's index, or 0.</summary>
    public int Find(long id)
    {
        int mask = _slots.Length - 1;
        for (int slot = Home(id); ; slot = (slot + 1) & mask)
        {
            int index = _slots[slot];
            if (index == 0 || _entries[index].Id == id)
                return index;
        }
    }

    public void Add(long id, int index)
    {
        int mask = _slots.Length - 1;
        int slot = Home(id);
        while (_slots[slot] != 0)
            slot = (slot + 1) & mask;
        _slots[slot] = index;
    }

    public void Remove(long id)
    {
        int mask = _slots.Length - 1;
        int slot = Home(id);
        while (_entries[_slots[slot]].Id != id)
            slot = (slot + 1) & mask;

        // Close the gap with what follows, unless that is at home or between its home and the gap.
        for (int next = (slot + 1) & mask; _slots[next] != 0; next = (next + 1) & mask)
        {
            int home = Home(_entries[_slots[next]].Id);
            if (((next - home) & mask) >= ((next - slot) & mask))
            {
                _slots[slot] = _slots[next];
                slot = next;
            }
        }

        _slots[slot] = 0;
    }

    // The high bits of the product depend on all bits of the id; ids that differ in high bits only are folded in first.
    int Home(long id) => (int)((((ulong)id ^ (ulong)id >> 32) * _multiplier) >> _shift);
}

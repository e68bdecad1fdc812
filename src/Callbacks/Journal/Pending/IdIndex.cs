using System.Numerics;

namespace Callbacks.Journal.Pending;

/// <summary>
/// From id to entry: open addressing with linear probing and backward-shift deletion, at most half full. The multiplier is drawn at
/// the start, so that nobody can choose ids that collide.
/// </summary>
sealed class IdIndex
{
    readonly ulong _multiplier;
    // The entry's index in the low half, the upper half of the id's hash above it: most ids that are not the one sought are told apart
    // without a look at their entries, which would miss the processor's caches.
    readonly ulong[] _slots;
    readonly PendingIds _entries;
    readonly int _shift;

    public IdIndex(PendingIds entries, Random random)
    {
        _entries = entries;
        _multiplier = (ulong)random.NextInt64() << 1 | 1 | 1UL << 63;
        int size = (int)BitOperations.RoundUpToPowerOf2((uint)entries.Length * 2);
        _slots = new ulong[size];
        _shift = 64 - BitOperations.Log2((uint)size);
    }

    /// <summary>So many ids at a time: their slots and entries find room in the processor's first cache.</summary>
    public const int WarmIdsMax = 128;

    /// <summary>
    /// Loads the slots of many ids, then their entries: independent loads overlap, while the probes that follow would wait for memory one after the
    /// other. The result is of no use but for the compiler, which must not drop the loads.
    /// </summary>
    /// <param name="ids">Up to <see cref="WarmIdsMax"/>.</param>
    public ulong Warm(ReadOnlySpan<long> ids)
    {
        Span<int> entries = stackalloc int[WarmIdsMax];
        for (int i = 0; i < ids.Length; i++)
            entries[i] = (int)_slots[(int)(Hash(ids[i]) >> _shift)];

        // Of most ids: the others' stand in a slot further on.
        ulong sum = 0;
        foreach (int entry in entries[..ids.Length])
            sum ^= (ulong)_entries[entry].Id;

        return sum;
    }

    /// <summary>The entry's index, or 0.</summary>
    public int Find(long id)
    {
        ulong hash = Hash(id);
        int mask = _slots.Length - 1;
        for (int slot = (int)(hash >> _shift); ; slot = (slot + 1) & mask)
        {
            ulong content = _slots[slot];
            if (content == 0)
                return 0;
            if ((content ^ hash) >> 32 == 0 && _entries[(int)content].Id == id)
                return (int)content;
        }
    }

    public void Add(long id, int index)
    {
        ulong hash = Hash(id);
        int mask = _slots.Length - 1;
        int slot = (int)(hash >> _shift);
        while (_slots[slot] != 0)
            slot = (slot + 1) & mask;
        _slots[slot] = hash >> 32 << 32 | (uint)index;
    }

    public void Remove(long id)
    {
        int index = Find(id);
        int mask = _slots.Length - 1;
        int slot = (int)(Hash(id) >> _shift);
        while ((int)_slots[slot] != index)
            slot = (slot + 1) & mask;

        // Close the gap with what follows, unless that is at home or between its home and the gap.
        for (int next = (slot + 1) & mask; _slots[next] != 0; next = (next + 1) & mask)
        {
            // The upper half of the hash holds all the bits of a home, for tables of less than 2^32 slots.
            int home = (int)(_slots[next] >> 32 << 32 >> _shift);
            if (((next - home) & mask) >= ((next - slot) & mask))
            {
                _slots[slot] = _slots[next];
                slot = next;
            }
        }

        _slots[slot] = 0;
    }

    // The high bits of the product depend on all bits of the id; ids that differ in high bits only are folded in first.
    ulong Hash(long id) => ((ulong)id ^ (ulong)id >> 32) * _multiplier;
}

using System.Numerics;

namespace Callbacks.Intake;

/// <summary>
/// Merges duplicates in place, keeping each first occurrence in its order. An open-addressing table of indexes, at most half full,
/// kept from call to call: some nanoseconds an id, nothing allocated.
/// </summary>
/// <param name="salt">
/// Makes the hash one that a client can't foresee; with a known one, ten thousand well-chosen ids would all meet in one slot and cost
/// fifty million steps.
/// </param>
sealed class DistinctIds(ulong salt)
{
    readonly ulong _factor = salt | 1;
    int[] _slots = [];

    /// <returns>How many distinct ids now stand at the start of <paramref name="ids"/>.</returns>
    public int Merge(Span<long> ids)
    {
        int size = (int)BitOperations.RoundUpToPowerOf2((uint)Math.Max(ids.Length * 2, 16));
        if (_slots.Length < size)
            _slots = new int[size];

        Span<int> slots = _slots.AsSpan(0, size);
        slots.Clear();
        int mask = size - 1;
        int shift = BitOperations.LeadingZeroCount((ulong)mask);
        int count = 0;
        foreach (long id in ids)
        {
            // The high bits of the product depend on all bits of the id.
            int slot = (int)(((ulong)id * _factor) >> shift);
            while (true)
            {
                int at = slots[slot];
                if (at == 0)
                {
                    ids[count++] = id;
                    slots[slot] = count; // Index plus one: zero is an empty slot.
                    break;
                }

                if (ids[at - 1] == id)
                    break;

                slot = (slot + 1) & mask;
            }
        }

        return count;
    }
}

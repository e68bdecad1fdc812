using System.Numerics;

namespace Callbacks.Journal.Pending;

/// <summary>
/// Entries by time, in buckets of one tick: adding, removing, and finding the oldest or the newest cost the same however many there
/// are. It spans <see cref="Buckets"/> ticks; what is older than that counts as the oldest. Within a tick the order is that of adding.
/// </summary>
sealed class TimeWheel(PendingIds entries, long tickMicroseconds)
{
    public const int Buckets = 1024;

    readonly EntryList[] _buckets = new EntryList[Buckets];
    readonly ulong[] _occupied = new ulong[Buckets / 64];
    long _oldestTick;
    long _newestTick;

    public int Count { get; private set; }

    public void Add(int index, long time)
    {
        long tick = time / tickMicroseconds;
        if (Count == 0)
        {
            _oldestTick = _newestTick = tick;
        }
        else if (tick > _newestTick)
        {
            _newestTick = tick;
            _oldestTick = Math.Max(_oldestTick, tick - Buckets + 1);
        }
        else if (tick < _oldestTick)
        {
            tick = Math.Max(tick, _newestTick - Buckets + 1);
            _oldestTick = Math.Min(_oldestTick, tick);
        }

        int bucket = (int)(tick % Buckets);
        entries.DetailsOf(index).Bucket = (ushort)bucket;
        _buckets[bucket].AddLast(entries, index);
        _occupied[bucket >> 6] |= 1UL << (bucket & 63);
        Count++;
    }

    public void Remove(int index)
    {
        int bucket = entries.DetailsOf(index).Bucket;
        _buckets[bucket].Remove(entries, index);
        if (_buckets[bucket].IsEmpty)
            _occupied[bucket >> 6] &= ~(1UL << (bucket & 63));
        Count--;
    }

    /// <summary>The first of the oldest tick, or 0; <paramref name="time"/> is that tick's beginning.</summary>
    public int PeekOldest(out long time)
    {
        time = 0;
        if (Count == 0)
            return 0;
        _oldestTick += DistanceUp((int)(_oldestTick % Buckets));
        time = _oldestTick * tickMicroseconds;
        return _buckets[_oldestTick % Buckets].First;
    }

    /// <summary>The last of the newest tick, or 0.</summary>
    public int PeekNewest()
    {
        if (Count == 0)
            return 0;
        _newestTick -= DistanceDown((int)(_newestTick % Buckets));
        return _buckets[_newestTick % Buckets].Last;
    }

    int DistanceUp(int from)
    {
        int word = from >> 6;
        ulong bits = _occupied[word] >> (from & 63);
        if (bits != 0)
            return BitOperations.TrailingZeroCount(bits);
        for (int step = 1; step <= _occupied.Length; step++)
        {
            bits = _occupied[(word + step) % _occupied.Length];
            if (bits != 0)
                return step * 64 - (from & 63) + BitOperations.TrailingZeroCount(bits);
        }

        return 0;
    }

    int DistanceDown(int from)
    {
        int word = from >> 6;
        ulong bits = _occupied[word] << (63 - (from & 63));
        if (bits != 0)
            return BitOperations.LeadingZeroCount(bits);
        for (int step = 1; step <= _occupied.Length; step++)
        {
            bits = _occupied[(word - step + _occupied.Length * 2) % _occupied.Length];
            if (bits != 0)
                return (from & 63) + 1 + (step - 1) * 64 + BitOperations.LeadingZeroCount(bits);
        }

        return 0;
    }
}

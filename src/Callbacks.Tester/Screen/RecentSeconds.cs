namespace Callbacks.Tester.Screen;

/// <summary>What happened in each of the last 60 seconds, in a ring. Seconds are counted from any start. For one thread at a time.</summary>
sealed class RecentSeconds
{
    public const int Length = 60;

    /// <summary>Long enough that one callback every 5 s has a steady rate.</summary>
    const int RateLength = 10;

    readonly Slot[] _slots = new Slot[Length];

    public void Count(long second, long events) => At(second).Events += events;

    public void Time(long second, int microseconds)
    {
        ref Slot slot = ref At(second);
        slot.Slowest = Math.Max(slot.Slowest, microseconds);
    }

    /// <summary>Events per second, over the last whole seconds before <paramref name="now"/>, 10 at most; in second 0 what there is.</summary>
    public double Rate(long now)
    {
        if (now <= 0)
            return Read(now).Events;

        long from = Math.Max(0, now - RateLength);
        long events = 0;
        for (long second = from; second < now; second++)
            events += Read(second).Events;
        return (double)events / (now - from);
    }

    /// <summary>Events of each of the 60 seconds before <paramref name="now"/>, oldest first; those before second 0 are left out.</summary>
    public long[] Events(long now) => [.. Before(now).Select(second => Read(second).Events)];

    /// <summary>The longest time of each of them, in microseconds; 0 where there was none.</summary>
    public long[] Slowest(long now) => [.. Before(now).Select(second => (long)Read(second).Slowest)];

    static IEnumerable<long> Before(long now)
    {
        for (long second = Math.Max(0, now - Length); second < now; second++)
            yield return second;
    }

    /// <summary>The slot of a second, emptied when it held an earlier one's.</summary>
    ref Slot At(long second)
    {
        ref Slot slot = ref _slots[second % Length];
        if (slot.Second != second)
            slot = new Slot { Second = second };
        return ref slot;
    }

    Slot Read(long second) => _slots[second % Length] is { } slot && slot.Second == second ? slot : default;

    struct Slot
    {
        public long Second;
        public long Events;
        public int Slowest;
    }
}

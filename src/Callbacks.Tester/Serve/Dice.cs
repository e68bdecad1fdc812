namespace Callbacks.Tester.Serve;

/// <summary>
/// Seeded randomness that any number of threads may draw from: the n-th draw is SplitMix64 of seed and n, so there is no state to lock but
/// a counter, and a seed replays the same draws.
/// </summary>
sealed class Dice(ulong seed)
{
    const ulong Golden = 0x9E37_79B9_7F4A_7C15;

    ulong _draws;

    /// <summary>From 0 up to, not including, 1.</summary>
    public double Next() => Fraction(Mix(seed + Interlocked.Increment(ref _draws) * Golden));

    /// <summary>SplitMix64's finalizer: every bit of the value changes each bit of the result with even odds.</summary>
    public static ulong Mix(ulong value)
    {
        value = (value ^ (value >> 30)) * 0xBF58_476D_1CE4_E5B9;
        value = (value ^ (value >> 27)) * 0x94D0_49BB_1331_11EB;
        return value ^ (value >> 31);
    }

    public static double Fraction(ulong value) => (value >> 11) * (1.0 / (1UL << 53));
}

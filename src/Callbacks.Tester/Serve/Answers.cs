using Callbacks.Tester.Records;

namespace Callbacks.Tester.Serve;

/// <summary>Which objects are online when.</summary>
static class Answers
{
    const long PeriodMin = 3 * Moment.PerSecond;
    const long PeriodMax = 20 * Moment.PerSecond;

    /// <summary>
    /// Without a seed an even id is online, always. With one, each id is online and offline in turn, for half a period each; period (3 to
    /// 20 s) and phase are the id's own. A pure function, so that two runs, or a judge, come to the same answers.
    /// </summary>
    /// <param name="seed">Null: answers never change.</param>
    /// <param name="id">The object.</param>
    /// <param name="now">Microseconds of wall clock.</param>
    public static bool IsOnline(ulong? seed, long id, long now)
    {
        if (seed is null)
            return (id & 1) == 0;

        ulong own = Dice.Mix(seed.Value ^ Dice.Mix((ulong)id));
        long period = PeriodMin + (long)(Dice.Fraction(own) * (PeriodMax - PeriodMin));
        long phase = (long)(Dice.Fraction(Dice.Mix(own + 1)) * period);
        return (now + phase) % period < period / 2;
    }
}

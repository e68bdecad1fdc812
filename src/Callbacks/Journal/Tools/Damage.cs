using Callbacks.Journal.Log;

namespace Callbacks.Journal.Tools;

/// <summary>A stretch of a segment that does not check out, and what can be told of the callbacks that stood there.</summary>
sealed class Damage(long from, long to)
{
    readonly SettledSet _settled = new();

    public long From => from;
    public long To => to;

    /// <summary>The highest callback number known to lie before it; null when nothing is known.</summary>
    public ulong? Before { get; set; }

    /// <summary>The lowest callback number known to lie behind it; null when nothing is known.</summary>
    public ulong? Behind { get; set; }

    /// <summary>
    /// How many callbacks it may have held: not more than numbers are missing there, some of which may have been refused, nor than fit in.
    /// </summary>
    public long CallbacksMax
    {
        get
        {
            long fit = Math.Max(0, (to - from - Layout.GroupHeaderBytes) / Layout.CallbackHeaderBytes);
            ulong numbers = (Before, Behind) switch
            {
                ({ } before, { } behind) => behind - before - 1,
                (null, { } behind) => behind - 1,
                _ => ulong.MaxValue,
            };
            return (long)Math.Min((ulong)fit, numbers);
        }
    }

    /// <summary>The lowest number that one of them may have; null when nothing is known.</summary>
    public ulong? First => Before + 1 ?? Behind - (ulong)CallbacksMax;

    /// <summary>How many of those have a settle mark that is whole.</summary>
    public long Settled { get; private set; }

    public void NoteMark(ulong first, int length)
    {
        if (First is not { } lowest)
            return;
        ulong end = Math.Min(first + (ulong)length, Behind ?? lowest + (ulong)CallbacksMax);
        for (ulong number = Math.Max(first, lowest); number < end; number++)
        {
            if (_settled.Contains(number))
                continue;
            _settled.Add(number);
            Settled++;
        }
    }
}

using Callbacks.Journal;
using Callbacks.Time;

namespace Callbacks.Tests.Sweep;

/// <summary>A journal that has read everything and in which the given ids are pending.</summary>
sealed class FakeCoverage(ServiceTime time) : ICoverage
{
    readonly HashSet<long> _pending = [];
    readonly HashSet<long> _inDoubt = [];

    /// <summary>Null: the service time of the call.</summary>
    public Instant? ReadUpToOverride { get; set; }

    /// <summary>Runs before each answer.</summary>
    public Action? OnAsked { get; set; }

    /// <summary>The times since which coverage was asked for.</summary>
    public List<Instant> Since { get; } = [];

    public void Add(params long[] ids)
    {
        lock (_pending)
            _pending.UnionWith(ids);
    }

    /// <summary>Covered for those only who say that they were before.</summary>
    public void AddIfCoveredBefore(params long[] ids)
    {
        lock (_pending)
            _inDoubt.UnionWith(ids);
    }

    public void Remove(params long[] ids)
    {
        lock (_pending)
            _pending.ExceptWith(ids);
    }

    public Instant ReadUpTo() => ReadUpToOverride ?? time.Now;

    public void FindCovered(ReadOnlySpan<long> ids, Instant since, ReadOnlySpan<Instant> receivedBy, bool wereCovered, Span<bool> covered)
    {
        OnAsked?.Invoke();
        Since.Add(since);
        lock (_pending)
        {
            for (int i = 0; i < ids.Length; i++)
                covered[i] |= _pending.Contains(ids[i]) || (wereCovered && _inDoubt.Contains(ids[i]));
        }
    }
}

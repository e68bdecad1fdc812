using Callbacks.Time;

namespace Callbacks.Sweep;

/// <summary>Whether sweeping works, and what it has done since the start of the process.</summary>
readonly record struct SweepHealth(bool IsUp, string? Error, long RowsSwept, long RowsHeld, TimeSpan LastLateness, TimeSpan MaxLateness);

/// <summary>
/// What status and metrics say of the sweep. Lateness counts from the moment at which a row was covered by nothing and could have
/// been swept: time in which PostgreSQL, the journal's scan or a step of the clock forbade it doesn't count.
/// </summary>
sealed partial class SweepState(ServiceTime time, ILogger<SweepState> logger)
{
    readonly Lock _lock = new();
    SweepHealth _health = new(IsUp: true, null, 0, 0, TimeSpan.Zero, TimeSpan.Zero);
    Instant _downSince;

    /// <summary>Told the lateness of each row swept; for a histogram. Set before the service starts.</summary>
    public Action<TimeSpan>? OnSwept { get; set; }

    public SweepHealth Health
    {
        get
        {
            lock (_lock)
                return _health;
        }
    }

    /// <param name="sent">The rows that were to be deleted, by ascending id.</param>
    /// <param name="deleted">Ids of those that were: others had been written again, or were gone.</param>
    public void Swept(ReadOnlySpan<DueRow> sent, List<long> deleted, Instant now)
    {
        deleted.Sort();
        int next = 0;
        foreach (DueRow row in sent)
        {
            if (next == deleted.Count)
                break;
            if (row.Id != deleted[next])
                continue;
            next++;
            Swept(now - row.DueAt);
        }
    }

    void Swept(TimeSpan lateness)
    {
        lock (_lock)
        {
            TimeSpan max = lateness > _health.MaxLateness ? lateness : _health.MaxLateness;
            _health = _health with { RowsSwept = _health.RowsSwept + 1, LastLateness = lateness, MaxLateness = max };
        }

        OnSwept?.Invoke(lateness);
    }

    /// <param name="rowsHeld">Rows older than the retention that pending callbacks, or locks, keep.</param>
    public void Passed(int rowsHeld)
    {
        lock (_lock)
        {
            if (!_health.IsUp)
                Log.Back(logger, (time.Now - _downSince).TotalSeconds);
            _health = _health with { IsUp = true, Error = null, RowsHeld = rowsHeld };
        }
    }

    public void Failed(string error)
    {
        lock (_lock)
        {
            if (_health.IsUp)
            {
                _downSince = time.Now;
                Log.Away(logger, error);
            }

            _health = _health with { IsUp = false, Error = error };
        }
    }

    static partial class Log
    {
        [LoggerMessage(Level = LogLevel.Warning, Message = "Nothing is swept: {Error}")]
        public static partial void Away(ILogger logger, string error);

        [LoggerMessage(Level = LogLevel.Information, Message = "Sweeping goes on after {Seconds:F1} s.")]
        public static partial void Back(ILogger logger, double seconds);
    }
}

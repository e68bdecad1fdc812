using Callbacks.Time;

namespace Callbacks.Store;

/// <summary>Whether batches reach PostgreSQL, and since when. The error is one sentence without secrets.</summary>
readonly record struct StoreHealth(bool IsUp, Instant Since, string? Error);

/// <summary>What status and readiness say of the store, and the log's one line for each going away and coming back.</summary>
sealed partial class StoreState(ServiceTime time, ILogger<StoreState> logger)
{
    readonly Lock _lock = new();
    StoreHealth _health = new(IsUp: false, time.Now, "PostgreSQL has not been reached yet.");
    bool _wasReached;
    bool _isDownLogged;
    long _rowsStored;

    public StoreHealth Health
    {
        get
        {
            lock (_lock)
                return _health;
        }
    }

    /// <summary>Rows of committed batches since the start of the process.</summary>
    public long RowsStored => Interlocked.Read(ref _rowsStored);

    /// <summary>Told the rows of each committed batch; for histograms. Set before the service starts.</summary>
    public Action<List<ObjectState>>? OnStored { get; set; }

    public void Stored(List<ObjectState> rows)
    {
        Interlocked.Add(ref _rowsStored, rows.Count);
        OnStored?.Invoke(rows);
        Answered();
    }

    public void Answered()
    {
        lock (_lock)
        {
            if (_health.IsUp)
                return;
            Instant now = time.Now;
            if (_isDownLogged)
                Log.Back(logger, (now - _health.Since).TotalSeconds);
            else if (!_wasReached)
                Log.Reached(logger);
            _health = new StoreHealth(IsUp: true, now, Error: null);
            _wasReached = true;
            _isDownLogged = false;
        }
    }

    public void Failed(Exception exception)
    {
        string error = PostgresError.Describe(exception);
        lock (_lock)
        {
            _health = _health.IsUp ? new StoreHealth(IsUp: false, time.Now, error) : _health with { Error = error };
            if (_isDownLogged)
                return;
            _isDownLogged = true;
            Log.Away(logger, error);
        }
    }

    static partial class Log
    {
        [LoggerMessage(Level = LogLevel.Information, Message = "PostgreSQL takes rows.")]
        public static partial void Reached(ILogger logger);

        [LoggerMessage(Level = LogLevel.Warning, Message = "PostgreSQL takes no rows: {Error} What is to be stored waits in the journal.")]
        public static partial void Away(ILogger logger, string error);

        [LoggerMessage(Level = LogLevel.Information, Message = "PostgreSQL takes rows again after {Seconds:F1} s.")]
        public static partial void Back(ILogger logger, double seconds);
    }
}

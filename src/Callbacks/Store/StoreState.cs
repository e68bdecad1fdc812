using Callbacks.Time;

namespace Callbacks.Store;

/// <summary>Whether batches reach PostgreSQL, and since when. The errors are one sentence each, without secrets.</summary>
/// <param name="Error">Why it takes nothing.</param>
/// <param name="RowError">Why it did not take a row that was alone in its batch, a short time ago.</param>
readonly record struct StoreHealth(bool IsUp, Instant Since, string? Error, string? RowError = null);

/// <summary>What status and readiness say of the store, and the log's one line for each going away and coming back.</summary>
sealed partial class StoreState(ServiceTime time, ILogger<StoreState> logger)
{
    // A row is tried again more often than this while it is refused.
    static readonly TimeSpan RowErrorLasts = TimeSpan.FromSeconds(10);

    readonly Lock _lock = new();
    StoreHealth _health = new(IsUp: false, time.Now, "PostgreSQL has not been reached yet.");
    bool _wasReached;
    bool _isDownLogged;
    string? _rowError;
    Instant _rowErrorUntil;
    long _rowsStored;

    public StoreHealth Health
    {
        get
        {
            lock (_lock)
                return _health with { RowError = time.Now < _rowErrorUntil ? _rowError : null };
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

    /// <summary>The server answers, and other rows may go through.</summary>
    public void RowRefused(Exception exception)
    {
        string error = PostgresError.Describe(exception);
        lock (_lock)
        {
            Instant now = time.Now;
            if (now >= _rowErrorUntil || error != _rowError)
                Log.RowRefused(logger, error);
            (_rowError, _rowErrorUntil) = (error, now + RowErrorLasts);
        }
    }

    static partial class Log
    {
        [LoggerMessage(Level = LogLevel.Information, Message = "PostgreSQL takes rows.")]
        public static partial void Reached(ILogger logger);

        [LoggerMessage(Level = LogLevel.Warning, Message = "PostgreSQL takes no rows: {Error} What is to be stored waits in the journal.")]
        public static partial void Away(ILogger logger, string error);

        [LoggerMessage(Level = LogLevel.Warning, Message = "PostgreSQL does not take a row: {Error} The others are stored, and it is tried again until it expires.")]
        public static partial void RowRefused(ILogger logger, string error);

        [LoggerMessage(Level = LogLevel.Information, Message = "PostgreSQL takes rows again after {Seconds:F1} s.")]
        public static partial void Back(ILogger logger, double seconds);
    }
}

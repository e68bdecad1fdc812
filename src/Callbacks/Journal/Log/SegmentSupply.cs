using Callbacks.Journal.Disk;

namespace Callbacks.Journal.Log;

/// <summary>
/// Prepares segments ahead of use: zero-filled and flushed, name included. That halves what a commit costs, and a full disk is met
/// here and not when somebody waits for an acknowledgement.
/// </summary>
sealed partial class SegmentSupply : IDisposable
{
    const int ChunkBytes = 1 << 20;

    /// <summary>After each chunk, for the flushes that callbacks wait for: behind a whole segment they would have to wait for all of it.</summary>
    static readonly TimeSpan Rest = TimeSpan.FromMilliseconds(5);

    const int SparesMin = 1;
    static readonly TimeSpan RetryDelay = TimeSpan.FromMilliseconds(500);

    readonly IJournalDisk _disk;
    readonly SegmentList _segments;
    readonly int _segmentBytes;
    readonly long _bytesMax;
    readonly ILogger<SegmentSupply> _logger;
    readonly object _gate = new();
    readonly Queue<(ulong Number, IJournalFile File)> _spares = new();
    readonly Thread _thread;
    ulong _nextNumber;
    string? _leftover;
    volatile bool _isNameUnsure;
    int _waiting;
    bool _stopping;
    string? _problem;

    public SegmentSupply(IJournalDisk disk, SegmentList segments, JournalOptions options, ulong nextNumber, ILogger<SegmentSupply> logger)
    {
        (_disk, _segments, _segmentBytes, _bytesMax, _logger) = (disk, segments, options.SegmentBytes, options.BytesMax, logger);
        _nextNumber = nextNumber;
        _thread = new Thread(Run) { IsBackground = true, Name = "journal supply" };
    }

    public void Start() => _thread.Start();

    /// <summary>Why there is no spare; null while all is well.</summary>
    public string? Problem
    {
        get
        {
            lock (_gate)
                return _problem;
        }
    }

    public int Spares
    {
        get
        {
            lock (_gate)
                return _spares.Count;
        }
    }

    /// <summary>A file that an earlier life prepared and did not use.</summary>
    public void AddPrepared(ulong number, IJournalFile file)
    {
        lock (_gate)
        {
            _spares.Enqueue((number, file));
            _nextNumber = Math.Max(_nextNumber, number + 1);
            // That life may have died before its name was durable.
            _isNameUnsure = true;
        }
    }

    /// <summary>False when there is no spare. For one thread, which calls <see cref="Wake"/> when it has listed the segment.</summary>
    public bool TryTake(out ulong number, out IJournalFile file)
    {
        (number, file) = (0, null!);
        if (_isNameUnsure && !Try(FlushNames))
            return false;
        lock (_gate)
        {
            if (!_spares.TryDequeue(out (ulong Number, IJournalFile File) spare))
                return false;

            (number, file) = spare;
            return true;
        }
    }

    /// <summary>Returns when there is a spare, or the time is up, or the supply stops.</summary>
    public void WaitForSpare(TimeSpan timeout)
    {
        lock (_gate)
        {
            if ((_spares.Count > 0 && !_isNameUnsure) || _stopping)
                return;
            _waiting++;
            Monitor.Wait(_gate, timeout);
            _waiting--;
        }
    }

    /// <summary>A segment has come, for which a spare was taken, or gone: where <see cref="JournalOptions.BytesMax"/> was in the way there may be room now.</summary>
    public void Wake()
    {
        lock (_gate)
            Monitor.PulseAll(_gate);
    }

    /// <summary>Prepares one file on the caller's thread: at the start, when an earlier life left none.</summary>
    public void PrepareOne()
    {
        // A number is used up only by success: a gap between segments would look like a lost one.
        IJournalFile file = Prepare(_nextNumber);
        lock (_gate)
        {
            _spares.Enqueue((_nextNumber++, file));
            Monitor.PulseAll(_gate);
        }
    }

    public void Dispose()
    {
        lock (_gate)
        {
            _stopping = true;
            Monitor.PulseAll(_gate);
        }

        if (_thread.IsAlive)
            _thread.Join();
        foreach ((_, IJournalFile file) in _spares)
            file.Dispose();
    }

    /// <summary>Prepares a segment if one is needed. False when that failed, and is to be tried again later.</summary>
    public bool RunOnce()
    {
        lock (_gate)
        {
            if (!IsNeeded())
                return true;
        }

        return Try(PrepareOne);
    }

    void Run()
    {
        while (WaitForNeed())
        {
            if (!RunOnce())
                PauseAfterFailure();
        }
    }

    bool WaitForNeed()
    {
        lock (_gate)
        {
            while (!_stopping)
            {
                if (IsNeeded())
                    return true;
                Monitor.Wait(_gate);
            }

            return false;
        }
    }

    bool IsNeeded()
    {
        if (_spares.Count >= SparesMin)
            return false;
        if (_segments.TotalBytes + _segmentBytes <= _bytesMax)
            return true;
        Report($"The journal has reached Journal:BytesMax ({_bytesMax} bytes).");
        return false;
    }

    void PauseAfterFailure()
    {
        lock (_gate)
        {
            if (!_stopping)
                Monitor.Wait(_gate, RetryDelay);
        }
    }

    IJournalFile Prepare(ulong number)
    {
        string name = Segment.NameOf(number);
        if (_leftover == name)
        {
            _disk.Delete(name);
            _leftover = null;
        }

        IJournalFile file = _disk.Create(name);
        try
        {
            byte[] zeros = new byte[Math.Min(ChunkBytes, _segmentBytes)];
            for (long offset = 0; offset < _segmentBytes; offset += zeros.Length)
            {
                if (offset > 0)
                    LetOthersFlush(file);
                file.Write(zeros.AsSpan(0, (int)Math.Min(zeros.Length, _segmentBytes - offset)), offset);
            }

            file.Flush();
            FlushNames();
            return file;
        }
        catch
        {
            // A half-made file takes room that settling may need.
            file.Dispose();
            _leftover = name;
            try
            {
                _disk.Delete(name);
                _leftover = null;
            }
            catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
            {
                Log.Leftover(_logger, name, exception.Message);
            }

            throw;
        }
    }

    void FlushNames()
    {
        _disk.FlushFolder();
        _isNameUnsure = false;
    }

    /// <summary>False when the disk refuses it, which is told, or the supply stops in the midst of it.</summary>
    bool Try(Action action)
    {
        try
        {
            action();
            Report(null);
            return true;
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            Report(exception.Message);
            return false;
        }
        catch (OperationCanceledException)
        {
            return false;
        }
    }

    void LetOthersFlush(IJournalFile file)
    {
        // At the start there are none.
        if (Thread.CurrentThread != _thread)
            return;
        file.Flush();
        lock (_gate)
        {
            if (_waiting == 0 && !_stopping)
                Monitor.Wait(_gate, Rest);
            if (_stopping)
                throw new OperationCanceledException("The journal stops.");
        }
    }

    void Report(string? problem)
    {
        lock (_gate)
        {
            if (problem is not null && _problem is null)
                Log.NoSpare(_logger, problem);
            else if (problem is null && _problem is not null)
                Log.SpareAgain(_logger);
            _problem = problem;
        }
    }

    static partial class Log
    {
        [LoggerMessage(Level = LogLevel.Error, Message = "No journal segment can be prepared, callbacks will be answered 503 when the current one is full: {Problem}")]
        public static partial void NoSpare(ILogger logger, string problem);

        [LoggerMessage(Level = LogLevel.Information, Message = "Journal segments can be prepared again.")]
        public static partial void SpareAgain(ILogger logger);

        [LoggerMessage(Level = LogLevel.Warning, Message = "The unfinished segment {Name} could not be removed: {Problem}")]
        public static partial void Leftover(ILogger logger, string name, string problem);
    }
}

using Callbacks.Journal.Disk;
using Callbacks.Journal.Log;
using Callbacks.Journal.Pending;
using Callbacks.Time;

namespace Callbacks.Journal;

/// <summary>
/// The durable log between acknowledging a callback and settling it, put together: the folder, the writer, the supply of segments, the
/// follower. <see cref="Open"/> returns when callbacks can be accepted; what earlier lives left is read after that.
/// </summary>
sealed class CallbackJournal(
    JournalOptions options, Func<IJournalDisk> openDisk, PendingTable table, Balance balance, ServiceTime time, TimeProvider timers,
    TimeSpan retention, ILoggerFactory loggers, Func<uint> drawTag) : ICallbackLog, ICoverage, IDisposable
{
    IJournalDisk? _disk;
    SegmentList? _segments;
    SegmentSupply? _supply;
    JournalWriter? _writer;
    SegmentDeletion? _deletion;
    JournalFollower? _follower;

    /// <inheritdoc cref="JournalWriter.OnFlushed"/>
    public Action<TimeSpan>? OnFlushed { get; set; }

    /// <inheritdoc/>
    public uint Tag => Writer.Tag;

    /// <inheritdoc/>
    public ValueTask<Receipt> AppendAsync(ReadOnlySpan<long> ids) => Writer.AppendAsync(ids);

    /// <inheritdoc/>
    public Instant ReadUpTo() => _follower?.ReadUpTo() ?? Instant.MinValue;

    /// <inheritdoc/>
    public void FindCovered(ReadOnlySpan<long> ids, Instant since, ReadOnlySpan<Instant> receivedBy, bool wereCovered, Span<bool> covered) =>
        _follower!.FindCovered(ids, since, receivedBy, wereCovered, covered);

    /// <exception cref="JournalUnusableException">No waiting cures it: the folder can't be used, or another process uses it.</exception>
    public void Open()
    {
        Assemble();
        _supply!.Start();
        _writer!.Start();
        _deletion!.Start();
        _follower!.Start();
    }

    /// <summary>Opens the folder and puts the parts together; none of their threads runs yet.</summary>
    /// <exception cref="JournalUnusableException">As <see cref="Open"/>.</exception>
    public (JournalWriter Writer, SegmentSupply Supply, SegmentDeletion Deletion, JournalFollower Follower) Assemble()
    {
        try
        {
            _disk = openDisk();
            if (!_disk.TryLock())
                throw new JournalUnusableException($"Journal:Directory '{_disk.Path}' is in use by another process. Stop it, or name another folder.");
            var opening = new LogOpening(_disk, options, drawTag);
            (Segment? fresh, _supply) = opening.Start(loggers.CreateLogger<SegmentSupply>());
            _segments = opening.Segments;
            time.StartNoEarlierThan(opening.LastReceived);
            _writer = new JournalWriter(
                _segments, _supply, balance, time, timers, options, opening.Tag, fresh, opening.LastNumber, opening.LastReceived, loggers.CreateLogger<JournalWriter>())
            {
                OnFlushed = OnFlushed,
            };
            _deletion = new SegmentDeletion(_disk, _segments, _supply, balance, time, loggers.CreateLogger<SegmentDeletion>());
            _follower = new JournalFollower(
                _segments, _deletion, _writer, balance, table, time, timers, retention, opening.FirstNumber, opening.LastReceived, opening.Damage,
                cancellationToken => LogRecovery.Run(opening.Recovered, opening.Unsure, cancellationToken), loggers);
            return (_writer, _supply, _deletion, _follower);
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException or InvalidDataException)
        {
            throw new JournalUnusableException(
                $"Journal:Directory '{options.Directory}' can't be used: {exception.Message} Make it a folder that this user may write to, on a disk with room for at least two segments of {options.SegmentBytes} bytes.", exception);
        }
    }

    /// <summary>As recovering while it is not open: figures are read from the start of the process to its end.</summary>
    public JournalStatus Status() => _writer is { } writer && _supply is { } supply && _segments is { } segments && _follower is { } follower
        ? new JournalStatus(
            follower.IsRecovering, writer.Problem, supply.Problem, follower.Damage, segments.Count, segments.TotalBytes, supply.Spares, follower.OldestPending)
        : new JournalStatus(true, null, null, [], 0, 0, 0, null);

    /// <summary>Writes what was appended and the last settle marks, and gives the folder back.</summary>
    public void Dispose()
    {
        _follower?.Dispose();
        _deletion?.Dispose();
        _writer?.Dispose();
        _supply?.Dispose();
        foreach (Segment segment in _segments?.ToArray() ?? [])
            segment.Dispose();
        _disk?.Dispose();
        (_follower, _deletion, _writer, _supply, _segments, _disk) = (null, null, null, null, null, null);
    }

    JournalWriter Writer => _writer ?? throw new InvalidOperationException("The journal is not open.");
}

/// <summary>The journal can't be opened, and waiting won't help; the message says what to do.</summary>
sealed class JournalUnusableException(string message, Exception? inner = null) : Exception(message, inner);

using System.Diagnostics.CodeAnalysis;
using Callbacks.Journal;
using Callbacks.Journal.Disk;
using Callbacks.Journal.Log;
using Callbacks.Journal.Pending;
using Callbacks.Time;
using Microsoft.Extensions.Logging.Abstractions;

namespace Callbacks.Tests.Journal.Simulation;

/// <summary>One life of the process: the journal with its threads' work to be done by hand, and the lookups and the store around it.</summary>
[SuppressMessage("Design", "CA1001", Justification = "Stop disposes of the journal; a life that is killed leaves everything as it is.")]
sealed class Life
{
    /// <summary>Room for a header and three small groups.</summary>
    public const int SmallSegmentBytes = 4 * Layout.BlockBytes;

    const int StopRoundsMax = 20;
    static readonly TimeSpan Backoff = TimeSpan.FromMilliseconds(50);

    readonly IJournalDisk _disk;
    readonly Model _model;
    readonly CallbackJournal _journal;
    readonly PendingTable _table;
    readonly Balance _balance = new();
    readonly ServiceTime _time;
    readonly JournalWriter _writer;
    readonly SegmentSupply _supply;
    readonly SegmentDeletion _deletion;
    readonly JournalFollower _follower;
    readonly List<(Callbacks.Journal.Pending.Lookup Lookup, int Sequence)> _inFlight = [];
    readonly List<(long Id, Instant Seen)> _batch = [];
    readonly List<(Sent Sent, ValueTask<Receipt> Receipt)> _unanswered = [];
    bool _isRecovered;

    /// <exception cref="JournalUnusableException">The disk fails.</exception>
    public Life(IJournalDisk disk, Model model, TimeProvider clock, TimeSpan retention, int windowIds, Func<uint> drawTag, int segmentBytes = SmallSegmentBytes)
    {
        (_disk, _model) = (disk, model);
        _time = new ServiceTime(clock);
        _table = new PendingTable(retention, windowIds, keepAll: false, new Random(1));
        var options = new JournalOptions { SegmentBytes = segmentBytes, BytesMax = 1 << 30 };
        _journal = new CallbackJournal(options, () => disk, _table, _balance, _time, clock, retention, NullLoggerFactory.Instance, drawTag);
        (_writer, _supply, _deletion, _follower) = _journal.Assemble();
    }

    public Instant Now => _time.Now;

    public BalanceSnapshot Books => _balance.Snapshot();

    public JournalStatus Status => _journal.Status();

    /// <summary>Everything has its outcome, and the log has shrunk to what it needs.</summary>
    public bool IsAtRest => _unanswered.Count == 0 && _batch.Count == 0 && Status is { IsRecovering: false, Segments: 1, Spares: 1 } && Books is { Pending: 0, PendingCallbacks: 0 };

    /// <summary>What is being looked up.</summary>
    public IEnumerable<long> IdsInFlight => _inFlight.Select(started => started.Lookup.Id);

    public void Append(Sent sent)
    {
        _model.Send(sent, Now);
        // Asked whether it is completed, and read once: a task would complete on another thread, at its own time.
#pragma warning disable CA2012
        _unanswered.Add((sent, _writer.AppendAsync(sent.Ids)));
#pragma warning restore CA2012
    }

    public void Write(bool isDue) => _writer.RunOnce(isDue);

    public void Supply() => _supply.RunOnce();

    public void Follow()
    {
        _follower.RunOnce();
        _deletion.RunOnce();
    }

    public void Recover()
    {
        if (_isRecovered)
            return;
        _isRecovered = true;
        _follower.Recover();
    }

    /// <returns>Whether one was waiting.</returns>
    public bool StartLookup(int sequence)
    {
        if (!_table.TryStart(Now, out Callbacks.Journal.Pending.Lookup lookup))
            return false;
        _inFlight.Add((lookup, sequence));
        return true;
    }

    public bool EndLookup(int choice, int how)
    {
        if (_inFlight.Count == 0)
            return false;
        int index = choice % _inFlight.Count;
        (Callbacks.Journal.Pending.Lookup lookup, int sequence) = _inFlight[index];
        _inFlight.RemoveAt(index);
        switch (how)
        {
            case 0:
                _table.Failed(lookup, LookupFailure.Timeout, Now + Backoff, Now);
                break;
            case 1:
                _table.NotMade(lookup);
                break;
            default:
                _model.LookUp(lookup.Id, sequence);
                _table.Answered(lookup, Model.IsOnline(lookup.Id) ? LookupAnswer.Online : LookupAnswer.Offline, Now);
                break;
        }

        return true;
    }

    public void Take(int rows)
    {
        if (_batch.Count == 0)
            _table.TakeAnswers(Now, rows, (id, _, seen) => _batch.Add((id, seen)));
    }

    /// <param name="isCommitted">Whether the rows are there.</param>
    /// <param name="isKnown">Whether the store learns of it.</param>
    public void EndBatch(bool isCommitted, bool isKnown)
    {
        if (_batch.Count == 0)
            return;
        if (isCommitted)
        {
            foreach ((long id, Instant seen) in _batch)
                _model.Commit(id, seen);
        }

        _batch.Clear();
        if (isCommitted && isKnown)
            _table.AnswersStored();
        else
            _table.AnswersReturned();
    }

    /// <summary>Takes note of what callers have been told by now.</summary>
    public void ReadReceipts()
    {
        // In the order in which they were sent, which is that of their numbers.
        foreach ((Sent sent, ValueTask<Receipt> receipt) in _unanswered.ToArray())
        {
            if (receipt.IsCompleted)
                _model.Receive(sent, receipt.GetAwaiter().GetResult());
        }

        _unanswered.RemoveAll(unanswered => unanswered.Sent.Receipt is not null);
    }

    /// <summary>Ends in good order: what has come is written, the rest refused.</summary>
    public void Stop()
    {
        for (int round = 0; round < StopRoundsMax && _writer.RunOnce(isDue: true); round++)
        {
        }

        _journal.Dispose();
        ReadReceipts();
    }

    /// <summary>Gives the folder back, as the end of a process does; no code of it runs any more.</summary>
    public void Kill() => _disk.Dispose();
}

using Callbacks.Tester.Records;

namespace Callbacks.Tester.Serve;

/// <summary>What all lookups share, through every closing and reopening of the listener.</summary>
/// <param name="Usual">The command line's behaviour, to which an empty PUT goes back.</param>
/// <param name="Dice">Latencies and misbehaviours.</param>
/// <param name="Log">Null: lookups aren't logged.</param>
/// <param name="Time">The wall clock of the log, and delays.</param>
sealed record Upstream(Behaviour Usual, Dice Dice, RecordWriter<LookupRecord>? Log, TimeProvider Time)
{
    readonly long[] _byOutcome = new long[byte.MaxValue + 1];
    long _begun;
    long _ended;
    volatile Behaviour _current = Usual;
    volatile TaskCompletionSource? _idle;

    public Behaviour Current
    {
        get => _current;
        set => _current = value;
    }

    public long Begun => Interlocked.Read(ref _begun);

    public long Ended => Interlocked.Read(ref _ended);

    /// <summary>How many lookups have ended in each way that there was.</summary>
    public IEnumerable<KeyValuePair<LookupOutcome, long>> ByOutcome() =>
        from outcome in Enum.GetValues<LookupOutcome>()
        let count = Interlocked.Read(ref _byOutcome[(int)outcome])
        where count > 0
        select KeyValuePair.Create(outcome, count);

    public void Begin() => Interlocked.Increment(ref _begun);

    public async ValueTask EndAsync(LookupRecord lookup)
    {
        if (Log is not null)
            await Log.WriteAsync(lookup);
        Interlocked.Increment(ref _byOutcome[(int)lookup.Outcome]);
        if (Interlocked.Increment(ref _ended) == Begun)
            _idle?.TrySetResult();
    }

    /// <summary>Ends when no lookup is running any more, its record written. Only once no more can begin: the listener is closed.</summary>
    /// <exception cref="TimeoutException">That took longer than 10 s.</exception>
    public async Task IdleAsync()
    {
        _idle = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        if (Ended != Begun)
            await _idle.Task.WaitAsync(TimeSpan.FromSeconds(10), Time);
    }

    public ValueTask MarkAsync(LookupOutcome listeningOrAway)
    {
        long now = Moment.Now(Time);
        return Log?.WriteAsync(new LookupRecord(0, now, now, listeningOrAway)) ?? ValueTask.CompletedTask;
    }
}

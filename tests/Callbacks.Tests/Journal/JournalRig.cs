using Callbacks.Journal;
using Callbacks.Journal.Disk;
using Callbacks.Journal.Pending;
using Callbacks.Time;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Abstractions;

namespace Callbacks.Tests.Journal;

/// <summary>One life of a journal on a disk, with the test in the place of Lookup and Store.</summary>
sealed class JournalRig : IDisposable
{
    public static readonly TimeSpan Deadline = TimeSpan.FromSeconds(20);

    static uint _tag;

    readonly CallbackJournal _journal;

    public JournalRig(IJournalDisk disk, TimeSpan? retention = null, int segmentBytes = 64 << 10, long bytesMax = 1 << 30, TimeProvider? clock = null, ILoggerFactory? loggers = null, int windowIds = 200_000)
    {
        Time = new ServiceTime(clock ?? TimeProvider.System);
        Retention = retention ?? TimeSpan.FromMinutes(10);
        Table = new PendingTable(Retention, windowIds, keepAll: false, new Random(1));
        var options = new JournalOptions { SegmentBytes = segmentBytes, BytesMax = bytesMax };
        _journal = new CallbackJournal(options, () => disk, Table, Balance, Time, TimeProvider.System, Retention, loggers ?? NullLoggerFactory.Instance, () => Interlocked.Increment(ref _tag));
        _journal.Open();
    }

    public TimeSpan Retention { get; }
    public ServiceTime Time { get; }
    public PendingTable Table { get; }
    public Balance Balance { get; } = new();
    public CallbackJournal Journal => _journal;

    /// <summary>Ids that take eight bytes each on disk.</summary>
    public static long[] WideIds(int count) => [.. Enumerable.Range(0, count).Select(id => (1L << 60) + id)];

    public async Task<Receipt> AppendAsync(params long[] ids) => await _journal.AppendAsync(ids);

    /// <summary>Answers and stores whatever waits, as an upstream would that says online to even ids.</summary>
    public List<long> AnswerAll()
    {
        List<long> asked = AnswerWithoutCommit();
        Table.AnswersStored();
        return asked;
    }

    /// <summary>Answers whatever waits, and leaves what is to be stored in a batch under way.</summary>
    public List<long> AnswerWithoutCommit()
    {
        var asked = new List<long>();
        while (Table.TryStart(Time.Now, out Callbacks.Journal.Pending.Lookup lookup))
        {
            asked.Add(lookup.Id);
            Table.Answered(lookup, lookup.Id % 2 == 0 ? LookupAnswer.Online : LookupAnswer.Offline, Time.Now);
        }

        Table.TakeAnswers(Time.Now, int.MaxValue, (_, _, _) => { });
        return asked;
    }

    /// <summary>Waits until the journal has read what is durable now, and knows what earlier lives left.</summary>
    public Task ReadAsync()
    {
        Instant now = Time.Now;
        return UntilAsync(() => Journal.ReadUpTo() is var read && read != Instant.MinValue && read >= now && !Journal.Status().IsRecovering);
    }

    /// <summary>What a life finds to look up, for all that was pending before it.</summary>
    public async Task<List<long>> FindPendingAsync()
    {
        await ReadAsync();
        return AnswerAll();
    }

    public async Task<List<long>> AnswerUntilSettledAsync()
    {
        var asked = new List<long>();
        await UntilAsync(() =>
        {
            asked.AddRange(AnswerAll());
            return !Journal.Status().IsRecovering && Balance.Snapshot().Pending == 0;
        });
        return asked;
    }

    public static async Task UntilAsync(Func<bool> condition)
    {
        using var deadline = new CancellationTokenSource(Deadline);
        while (!condition())
            await Task.Delay(2, deadline.Token);
    }

    public void Dispose() => _journal.Dispose();
}

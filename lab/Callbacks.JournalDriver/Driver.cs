using System.Security.Cryptography;
using Callbacks.Journal;
using Callbacks.Journal.Disk;
using Callbacks.Journal.Pending;
using Callbacks.Time;
using Microsoft.Extensions.Logging.Abstractions;

namespace Callbacks.JournalDriver;

/// <summary>
/// One life of a journal on a real disk, with the driver in the place of Intake, Lookup and Store. It says what it finds, sends and is
/// promised as it goes, so that it may be killed at any moment and judged by what it has said.
/// </summary>
sealed class Driver : IDisposable
{
    const int SegmentBytes = 64 << 10;
    const int CallbacksPerRound = 4;
    const int RoundsPerAnswer = 6;

    /// <summary>
    /// A disk that has failed for good is not worth waiting for; one that fails four times in a row to the thread that writes, and to the one that
    /// prepares segments, is (<c>InjectedErrorTests</c>).
    /// </summary>
    const int RefusedRoundsMax = 9;

    /// <summary>A disk that others keep busy may refuse the last round for its lateness alone.</summary>
    const int LastRoundTriesMax = 3;

    static readonly TimeSpan Retention = TimeSpan.FromHours(1);
    static readonly TimeSpan DeletionPatience = TimeSpan.FromSeconds(1);
    static readonly TimeSpan Poll = TimeSpan.FromMilliseconds(2);

    readonly Said _said;
    readonly CancellationToken _deadline;
    readonly TimeProvider _clock = TimeProvider.System;
    readonly Balance _balance = new();
    readonly PendingTable _table = new(Retention, 1_000_000, keepAll: true, new Random(1));
    readonly ServiceTime _time;
    readonly CallbackJournal _journal;
    long _next;
    int _refusedRounds;
    bool _isLastRoundWhole;

    /// <param name="said">What it says; see <c>Program.cs</c>.</param>
    /// <param name="folder">The journal's.</param>
    /// <param name="first">Index of the first callback to send.</param>
    /// <param name="deadline">Ends all waiting with an exception.</param>
    public Driver(Said said, string folder, long first, CancellationToken deadline)
    {
        (_said, _next, _deadline) = (said, first, deadline);
        _time = new ServiceTime(_clock);
        var options = new JournalOptions { Directory = folder, SegmentBytes = SegmentBytes };
        _journal = new CallbackJournal(
            options, () => new LinuxDisk(folder), _table, _balance, _time, _clock, Retention, NullLoggerFactory.Instance,
            () => (uint)RandomNumberGenerator.GetInt32(1, int.MaxValue));
    }

    /// <exception cref="JournalUnusableException">The journal refused to start.</exception>
    public async Task RunAsync(int rounds, bool leavesPending)
    {
        _journal.Open();
        _said.Line("open");
        await UntilAsync(() => !_journal.Status().IsRecovering);
        AnswerFound();
        await SettleAsync();

        await SendAsync(rounds);
        AnswerSent();
        await SettleAsync();
        if (leavesPending)
        {
            await SendAsync(RoundsPerAnswer - 1);
            for (int tries = 1; !_isLastRoundWhole && tries < LastRoundTriesMax; tries++)
                await SendAsync(1);
        }

        _journal.Dispose();
        _said.Line("closed");
    }

    public void Dispose() => _journal.Dispose();

    async Task SendAsync(int rounds)
    {
        for (int round = 1; round <= rounds && _refusedRounds < RefusedRoundsMax; round++)
        {
            await SendRoundAsync();
            if (round % RoundsPerAnswer == 0)
                AnswerSent();
        }
    }

    async Task SendRoundAsync()
    {
        long first = _next;
        _next += CallbacksPerRound;
        _said.Line($"send {first} {CallbacksPerRound}");
        bool[] areDurable = await Task.WhenAll(Enumerable.Range(0, CallbacksPerRound).Select(i => SendOneAsync(first + i)));
        _refusedRounds = areDurable.Contains(true) ? 0 : _refusedRounds + 1;
        _isLastRoundWhole = !areDurable.Contains(false);
    }

    async Task<bool> SendOneAsync(long index)
    {
        long start = _clock.GetTimestamp();
        Receipt receipt = await _journal.AppendAsync(Numbered.Ids(index));
        lock (_said)
        {
            _said.Line(receipt.IsDurable
                ? $"durable {index} {receipt.Number} {receipt.ReceivedAt.Microseconds}"
                : $"refused {index} {(long)_clock.GetElapsedTime(start).TotalMilliseconds}");
        }

        return receipt.IsDurable;
    }

    /// <summary>Says what was pending at the start. From then on it may be settled.</summary>
    void AnswerFound() => Answer(found => _said.Lines([.. found.Select(pair => $"found {pair.Id} {pair.Received.Microseconds}"), "read"]));

    void AnswerSent() => Answer(_ => _said.Line("answer"));

    /// <summary>Answers and stores whatever waits; <paramref name="say"/> is called before any of it can be settled.</summary>
    void Answer(Action<IReadOnlyList<(long Id, Instant Received)>> say)
    {
        while (_table.TryStart(_time.Now, out Callbacks.Journal.Pending.Lookup lookup))
            _table.Answered(lookup, LookupAnswer.Online, _time.Now);

        var taken = new List<(long Id, Instant Received)>();
        _table.TakeAnswers(_time.Now, int.MaxValue, (id, _, received) => taken.Add((id, received)));
        say(taken);
        _table.AnswersStored();
    }

    async Task SettleAsync()
    {
        // What was acknowledged comes to the table when the journal has read it: a moment later.
        await UntilAsync(() =>
        {
            Answer(_ => { });
            return _balance.Snapshot().Pending == 0;
        });
        _said.Line("settled");
        // A deletion that fails is tried again after five seconds, which nobody here waits for.
        long start = _clock.GetTimestamp();
        await UntilAsync(() => _journal.Status().Segments == 1 || _clock.GetElapsedTime(start) > DeletionPatience);
    }

    async Task UntilAsync(Func<bool> condition)
    {
        while (!condition())
            await Task.Delay(Poll, _clock, _deadline);
    }
}

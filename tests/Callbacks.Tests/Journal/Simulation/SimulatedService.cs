using Callbacks.Journal;
using Callbacks.Journal.Disk;
using Callbacks.Journal.Log;
using Callbacks.Tests.Support;

namespace Callbacks.Tests.Journal.Simulation;

/// <summary>
/// The journal with everything around it, life after life, on one thread and by a clock of its own. What happens is a schedule, so what
/// has happened once can happen again. <see cref="Model"/> judges it.
/// </summary>
sealed class SimulatedService
{
    public static readonly string[] DiskOperations = ["write", "flush", "flush folder", "create", "delete", "rename"];

    const int SharedIds = 12;
    const int OpeningsMax = 20;
    const int RoundsMax = 3_000;
    static readonly TimeSpan Round = TimeSpan.FromMilliseconds(20);
    static readonly TimeSpan StepTime = TimeSpan.FromMicroseconds(37);

    readonly FakeTimeProvider _clock = new();
    readonly Model _model = new();
    readonly Func<IJournalDisk> _openDisk;
    readonly SimulatedDisk? _simulated;
    readonly TimeSpan _retention;
    readonly int _windowIds;
    Life? _life;
    uint _lives;
    int _sequence;
    int _powerSeed;
    string _failing = "";
    int _failuresLeft;

    /// <param name="openDisk">For each life.</param>
    /// <param name="simulated">The same disk if it is one that can fail.</param>
    /// <param name="seed">Of what the disk makes of writes and flushes that fail.</param>
    public SimulatedService(Func<IJournalDisk> openDisk, SimulatedDisk? simulated, TimeSpan retention, int windowIds, int seed)
    {
        (_openDisk, _simulated, _retention, _windowIds) = (openDisk, simulated, retention, windowIds);
        if (simulated is null)
            return;
        simulated.Failures = new Random(seed);
        simulated.Fails = (operation, _) => operation == _failing && _failuresLeft-- > 0;
    }

    /// <summary>Goes through the schedule, lets everything come to rest, and judges.</summary>
    /// <exception cref="BrokenPromiseException">Something was lost or invented, or got stuck.</exception>
    public void Run(ReadOnlySpan<Step> schedule)
    {
        foreach (Step step in schedule)
        {
            _clock.Advance(StepTime);
            Step now = step;
            Do(life => Do(life, now));
        }

        MendDisk();
        Do(ComeToRest);
        _model.Judge(_life!.Now, _retention);
        Do(AcceptAgain);
        _life.Stop();
    }

    /// <summary>Does something in this life; when power goes meanwhile, the next one begins.</summary>
    void Do(Action<Life> action)
    {
        try
        {
            _life ??= StartLife();
            action(_life);
            if (_life is null)
                return;
            _life.ReadReceipts();
            CheckLife(_life);
        }
        catch (PowerOffException)
        {
            _life?.ReadReceipts();
            _life = null;
            _simulated!.CutPower(new Random(_powerSeed));
        }
    }

    void Do(Life life, Step step)
    {
        switch (step.Kind)
        {
            case StepKind.Append:
                // Even, and above all that are shared.
                int sequence = ++_sequence;
                long[] ids = [2 * (SharedIds + sequence), .. Enumerable.Range(sequence, step.A).Select(id => (long)(id % SharedIds))];
                life.Append(new Sent(sequence, ids));
                break;
            case StepKind.Write:
                life.Write(isDue: step.A == 1);
                break;
            case StepKind.Supply:
                life.Supply();
                break;
            case StepKind.Follow:
                life.Follow();
                break;
            case StepKind.Recover:
                life.Recover();
                break;
            case StepKind.Start:
                for (int i = 0; i < step.A && life.StartLookup(++_sequence); i++)
                {
                }

                break;
            case StepKind.End:
                life.EndLookup(step.A, step.B);
                break;
            case StepKind.Take:
                life.Take(step.A);
                break;
            case StepKind.Commit:
                life.EndBatch(isCommitted: true, isKnown: true);
                break;
            case StepKind.CommitUnknown:
                life.EndBatch(isCommitted: true, isKnown: false);
                break;
            case StepKind.RollBack:
                life.EndBatch(isCommitted: false, isKnown: true);
                break;
            case StepKind.Pass:
                _clock.Advance(TimeSpan.FromMilliseconds(step.A));
                break;
            case StepKind.Stop:
                _life = null;
                life.Stop();
                break;
            case StepKind.Kill:
                _life = null;
                life.Kill();
                _simulated?.KillProcess();
                break;
            default:
                DisturbDisk(step);
                break;
        }
    }

    void DisturbDisk(Step step)
    {
        if (_simulated is null)
            return;
        switch (step.Kind)
        {
            case StepKind.Fail:
                (_failing, _failuresLeft) = (DiskOperations[step.B], step.A);
                break;
            case StepKind.Fill:
                _simulated.Capacity = _simulated.Used + step.A * Layout.BlockBytes;
                break;
            case StepKind.MakeRoom:
                _simulated.Capacity = long.MaxValue;
                break;
            case StepKind.CutPower:
                _powerSeed = step.B;
                _simulated.TurnOffAfter(step.A, lastTakesEffect: step.B % 2 == 0);
                if (step.A == 0)
                    throw new PowerOffException();
                break;
            default:
                throw new ArgumentOutOfRangeException(nameof(step), step, "Not a step.");
        }
    }

    void MendDisk()
    {
        _failuresLeft = 0;
        if (_simulated is null)
            return;
        _simulated.Capacity = long.MaxValue;
        _simulated.TurnOffAfter(int.MaxValue, lastTakesEffect: false);
    }

    Life StartLife()
    {
        for (int opening = 0; ; opening++)
        {
            IJournalDisk disk = _openDisk();
            try
            {
                return new Life(disk, _model, _clock, _retention, _windowIds, () => ++_lives);
            }
            catch (JournalUnusableException exception)
            {
                // Who runs the service starts it again, until the disk is back.
                disk.Dispose();
                if (opening == OpeningsMax)
                    throw new BrokenPromiseException($"The journal can't be opened: {exception.Message}");
                if (opening == OpeningsMax / 2)
                    MendDisk();
            }
        }
    }

    void CheckLife(Life life)
    {
        BalanceSnapshot books = life.Books;
        if (!books.IsBalanced)
            throw new BrokenPromiseException($"The books are not balanced: {books}");
        if (books.Pending < 0 || books.PendingCallbacks < 0)
            throw new BrokenPromiseException($"Something was settled twice: {books}");
        if (life.Status.Damage is { Count: > 0 } damage)
            throw new BrokenPromiseException($"Nobody damaged anything: {string.Join(' ', damage)}");
    }

    void ComeToRest(Life life)
    {
        for (int round = 0; round < RoundsMax; round++)
        {
            life.EndBatch(isCommitted: true, isKnown: true);
            life.Supply();
            life.Write(isDue: true);
            life.ReadReceipts();
            life.Recover();
            life.Follow();
            while (life.StartLookup(++_sequence))
            {
            }

            while (life.EndLookup(0, how: 2))
            {
            }

            life.Take(int.MaxValue);
            if (life.IsAtRest)
                return;
            _clock.Advance(Round);
        }

        throw new BrokenPromiseException($"It doesn't come to rest: {life.Status}, {life.Books}");
    }

    void AcceptAgain(Life life)
    {
        var sent = new Sent(++_sequence, [2 * (SharedIds + _sequence)]);
        life.Append(sent);
        // At worst the segment in use has no room, and the spare has.
        life.Write(isDue: false);
        life.ReadReceipts();
        if (sent.Receipt is not { IsDurable: true })
            throw new BrokenPromiseException($"It does not accept, though nothing is in its way: {life.Status}");
    }
}

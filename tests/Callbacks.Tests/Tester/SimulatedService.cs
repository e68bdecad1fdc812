using Callbacks.Tester.Records;
using Callbacks.Tester.Serve;
using Callbacks.Tester.Verify;

namespace Callbacks.Tests.Tester;

/// <summary>What a broken build does wrong.</summary>
public enum Flaw
{
    None,
    DropsAnAnswerInAHundred,
    ForgetsRunningLookupsWhenKilled,
    StoresTheTimeOfTheLookup,
    LetsAnOlderTimeOverwrite,
    SharesARunningLookup,
    SweepsWithoutLookingAtWhatIsPending,
    SweepsEarly,
    SweepsLate,
}

/// <summary>
/// A service, its sender, its upstream and its table as a discrete simulation in microseconds: months of histories in seconds, right ones
/// and those of broken builds. Killed now and then, for 1.5 s each.
/// </summary>
sealed class SimulatedService(int seed, int ids, int callbacksPerSecond, int idsPerCallback, int seconds, int inFlightMax, int kills, Flaw flaw)
{
    const long Second = Moment.PerSecond;
    const long Retention = 30 * Second;
    const long Origin = 1_800_000_000 * Second;

    enum Kind
    {
        Callback,
        Answer,
        Write,
        Sweep,
        Kill,
        Restart,
    }

    readonly record struct Event(Kind Kind, int Id, int Life, long Newest);

    readonly Random _random = new(seed);
    readonly PriorityQueue<Event, long> _events = new();
    readonly Queue<int> _queue = new();
    readonly List<long>[] _waiting = Lists(ids);
    readonly List<long>[] _asked = Lists(ids);
    readonly List<long>[] _writing = Lists(ids);
    readonly long[] _lookupStart = new long[ids];
    readonly bool[] _queued = new bool[ids];
    readonly TableRow?[] _rows = new TableRow?[ids];
    readonly List<PostRecord> _posts = [];
    readonly List<LookupRecord> _lookups = [];
    readonly List<Change> _changes = [];
    readonly List<Outage> _outages = [];
    long _now = Origin;
    long _answers;
    int _running;
    int _life;
    bool _down;

    public Evidence Run()
    {
        _lookups.Add(new LookupRecord(0, Origin, Origin, LookupOutcome.Listening));
        for (long number = 0; number < (long)callbacksPerSecond * seconds; number++)
            _events.Enqueue(new Event(Kind.Callback, 0, 0, 0), Origin + number * Second / callbacksPerSecond);
        for (int kill = 1; kill <= kills; kill++)
            _events.Enqueue(new Event(Kind.Kill, 0, 0, 0), Origin + kill * seconds * Second / (kills + 1) + 777);
        long end = Origin + (seconds + 75) * Second;
        while (_events.TryDequeue(out Event next, out long at) && at < end)
        {
            _now = at;
            Handle(next);
        }

        return new Evidence
        {
            Ledger = new Ledger(_posts),
            Lookups = [.. _lookups],
            Changes = [.. _changes],
            AuditFrom = Origin,
            Table = [.. _rows.Where(row => row is not null).Select(row => row!.Value)],
            ReadAt = end,
            Outages = _outages,
        };
    }

    static List<long>[] Lists(int count) => [.. Enumerable.Range(0, count).Select(_ => new List<long>(2))];

    void Handle(Event next)
    {
        switch (next.Kind)
        {
            case Kind.Callback:
                Receive();
                break;
            case Kind.Answer when next.Life == _life:
                Answer(next.Id);
                break;
            case Kind.Write when next.Life == _life:
                Write(next.Id, next.Newest);
                break;
            case Kind.Sweep:
                Sweep(next.Id);
                break;
            case Kind.Kill:
                KillService();
                break;
            case Kind.Restart:
                _down = false;
                for (int id = 0; id < ids; id++)
                {
                    Enlist(id);
                    Sweep(id);
                }

                break;
        }

        Ask();
    }

    void Receive()
    {
        long[] named = [.. Enumerable.Range(0, idsPerCallback).Select(_ => (long)_random.Next(ids))];
        if (_down)
        {
            _posts.Add(new PostRecord(_now, _now + 100, PostOutcome.Refused, 0, 0, "", named));
            return;
        }

        long received = _now + 300;
        _posts.Add(new PostRecord(_now, _now + 2_000, PostOutcome.Answered, 202, received, $"{_life}-{_posts.Count}", named));
        foreach (long id in named.Distinct())
        {
            bool shares = flaw == Flaw.SharesARunningLookup && _asked[id].Count > 0;
            (shares ? _asked : _waiting)[id].Add(received);
            Enlist((int)id);
        }
    }

    void Enlist(int id)
    {
        if (_queued[id] || _waiting[id].Count == 0 || _asked[id].Count > 0)
            return;
        _queued[id] = true;
        _queue.Enqueue(id);
    }

    void Ask()
    {
        while (!_down && _running < inFlightMax && _queue.TryDequeue(out int id))
        {
            _queued[id] = false;
            _waiting[id].RemoveAll(received => received + Retention < _now);
            if (_waiting[id].Count == 0)
            {
                Sweep(id);
                continue;
            }

            (_waiting[id], _asked[id]) = (_asked[id], _waiting[id]);
            _lookupStart[id] = _now + 500;
            _running++;
            _events.Enqueue(new Event(Kind.Answer, id, _life, 0), _now + 300_000 + _random.Next(4_000_000));
        }
    }

    void Answer(int id)
    {
        _running--;
        bool online = Answers.IsOnline(3, id, _now);
        _lookups.Add(new LookupRecord(id, _lookupStart[id], _now, online ? LookupOutcome.Online : LookupOutcome.Offline));
        bool dropped = flaw == Flaw.DropsAnAnswerInAHundred && ++_answers % 100 == 0;
        if (online && !dropped)
        {
            long newest = _asked[id].Max();
            _writing[id].AddRange(_asked[id]);
            _events.Enqueue(new Event(Kind.Write, id, _life, newest), _now + 20_000);
        }

        _asked[id].Clear();
        Enlist(id);
        Sweep(id);
    }

    void Write(int id, long newest)
    {
        _writing[id].RemoveAll(received => received <= newest);
        if (newest + Retention < _now)
            return;

        long lastSeen = flaw switch
        {
            Flaw.StoresTheTimeOfTheLookup => _lookupStart[id],
            Flaw.LetsAnOlderTimeOverwrite when _answers++ % 50 == 0 && _rows[id] is { } older => older.LastSeen - Second,
            _ => newest,
        };
        var row = new TableRow(id, true, lastSeen);
        _changes.Add(_rows[id] is { } old
            ? new Change(_changes.Count, _now, ChangeKind.Update, id, old.Online, old.LastSeen, true, lastSeen)
            : new Change(_changes.Count, _now, ChangeKind.Insert, id, false, 0, true, lastSeen));
        _rows[id] = row;
        _events.Enqueue(new Event(Kind.Sweep, id, 0, 0), lastSeen + Keep + 50_000);
    }

    long Keep => flaw switch
    {
        Flaw.SweepsEarly => Retention - Second,
        Flaw.SweepsLate => Retention + Second,
        _ => Retention,
    };

    void Sweep(int id)
    {
        bool pending = _waiting[id].Count + _asked[id].Count + _writing[id].Count > 0;
        if (_down || _rows[id] is not { } row || row.LastSeen + Keep > _now
            || (pending && flaw != Flaw.SweepsWithoutLookingAtWhatIsPending))
            return;
        _changes.Add(new Change(_changes.Count, _now, ChangeKind.Delete, id, row.Online, row.LastSeen, false, 0));
        _rows[id] = null;
    }

    void KillService()
    {
        _down = true;
        _life++;
        _running = 0;
        _queue.Clear();
        for (int id = 0; id < ids; id++)
        {
            _queued[id] = false;
            if (_asked[id].Count > 0)
                _lookups.Add(new LookupRecord(id, _lookupStart[id], Math.Max(_now, _lookupStart[id]), LookupOutcome.NotAnswered));
            if (flaw != Flaw.ForgetsRunningLookupsWhenKilled)
                _waiting[id].InsertRange(0, [.. _writing[id], .. _asked[id]]);
            _writing[id].Clear();
            _asked[id].Clear();
        }

        _outages.Add(new Outage(_now, _now + 3 * Second / 2, OutageKind.Service));
        _events.Enqueue(new Event(Kind.Restart, 0, 0, 0), _now + 3 * Second / 2);
    }
}

using Callbacks.Journal;
using Callbacks.Journal.Log;
using Callbacks.Journal.Pending;
using Callbacks.Time;

namespace Callbacks.Tests.Journal.Pending;

/// <summary>
/// A pending table, and beside it all that ever happened, sighting by sighting: what the table may say is derived from that without
/// any of the table's shortcuts.
/// </summary>
sealed class PendingWorld(int idsMax, bool keepAll, int seed)
{
    public static readonly TimeSpan Retention = TimeSpan.FromSeconds(30);

    readonly Random _random = new(seed);
    readonly PendingTable _table = new(Retention, idsMax, keepAll, new Random(seed));
    readonly List<Callback> _callbacks = [];
    readonly List<(long Id, Instant ReceivedAt)> _sightings = [];
    readonly List<(Callbacks.Journal.Pending.Lookup Lookup, Instant Start)> _inFlight = [];
    readonly List<(long Id, Instant Start, LookupAnswer Answer, Instant At)> _answers = [];
    readonly List<(long Id, Instant Seen)> _commits = [];
    readonly List<(long Id, Instant Seen, Instant EndedAt)> _statements = [];
    List<(long Id, bool Online, Instant Seen)> _batch = [];
    Instant _now = Instant.From(new DateTimeOffset(2026, 1, 1, 0, 0, 0, TimeSpan.Zero));
    ulong _number;

    public void Run(int steps, int ids, bool fits)
    {
        for (int step = 0; step < steps; step++)
            Step(ids, fits);
    }

    void Step(int ids, bool fits)
    {
        _now += TimeSpan.FromMilliseconds(_random.Next(1, 1500));
        switch (_random.Next(11))
        {
            case 0 or 1:
                Arrive(ids, fits);
                break;
            case 2:
                if (_callbacks.Count > 0)
                    Visit(_callbacks[_random.Next(_callbacks.Count)], VisitKind.Again, fits);
                break;
            case 3 or 4:
                Start();
                break;
            case 5 or 6:
                End();
                break;
            case 7:
                Take();
                break;
            case 8:
                EndBatch();
                break;
            case 9:
                AskCovered(ids, fits);
                break;
            default:
                foreach (Callback callback in _callbacks.Where(callback => callback.ReceivedAt + Retention <= _now).ToArray())
                    Visit(callback, VisitKind.Last, fits);
                _table.Release(_callbacks.Count == 0 ? _now : _callbacks[0].ReceivedAt, _now);
                break;
        }
    }

    void Arrive(int ids, bool fits)
    {
        long[] named = [.. Enumerable.Range(1, ids).Select(id => (long)id).Where(_ => _random.Next(3) == 0)];
        var callback = new Callback(++_number, _now, named);
        _callbacks.Add(callback);
        _sightings.AddRange(named.Select(id => (id, _now)));
        Visit(callback, VisitKind.Arrival, fits);
    }

    void Visit(Callback callback, VisitKind visit, bool fits)
    {
        Span<long> expired = stackalloc long[Enum.GetValues<LookupFailure>().Length];
        bool isSettled = _table.Visit(new CallbackFrame(callback.Number, callback.ReceivedAt, callback.Ids), visit, _now, out OutcomeCounts outcomes, expired);
        if (!isSettled)
        {
            Check(visit != VisitKind.Last || _batch.Count > 0, $"{callback} is pending at its last visit, and no batch is being written");
            return;
        }

        _callbacks.Remove(callback);
        Check(outcomes.Total == callback.Ids.Length, $"{callback} has {outcomes}");
        Check(outcomes.Expired == 0 || visit == VisitKind.Last, $"{callback} expired before its time");
        Check(outcomes.Stored <= callback.Ids.Count(id => IsStored(id, callback.ReceivedAt)), $"{callback}: more stored than committed, {outcomes}");
        Check(
            outcomes.Offline <= callback.Ids.Count(id => HasAnswer(id, callback.ReceivedAt, LookupAnswer.Offline)),
            $"{callback}: more offline than answered so, {outcomes}");
        Check(
            outcomes.Unknown <= callback.Ids.Count(id => HasAnswer(id, callback.ReceivedAt, LookupAnswer.Unknown)),
            $"{callback}: more unknown than answered so, {outcomes}");
        if (fits)
        {
            Check(outcomes.Stored == callback.Ids.Count(id => IsStored(id, callback.ReceivedAt)), $"{callback}: committed, and not counted stored, {outcomes}");
            int mustNotExpire = callback.Ids.Count(id => IsStored(id, callback.ReceivedAt) || IsFiltered(id, callback.ReceivedAt));
            Check(outcomes.Expired <= callback.Ids.Length - mustNotExpire, $"{callback}: expired what was answered, {outcomes}");
        }
    }

    void Start()
    {
        if (_table.TryStart(_now, out Callbacks.Journal.Pending.Lookup lookup))
            Started(lookup);
    }

    void Started(Callbacks.Journal.Pending.Lookup lookup)
    {
        Check(_inFlight.TrueForAll(other => other.Lookup.Id != lookup.Id), $"two lookups of {lookup.Id} at once");
        Check(_callbacks.Exists(callback => callback.Ids.Contains(lookup.Id)), $"a lookup of {lookup.Id}, which nothing pending names");
        _inFlight.Add((lookup, _now));
    }

    void End()
    {
        if (_inFlight.Count == 0)
            return;
        int index = _random.Next(_inFlight.Count);
        (Callbacks.Journal.Pending.Lookup lookup, Instant start) = _inFlight[index];
        _inFlight.RemoveAt(index);
        switch (_random.Next(6))
        {
            case 0:
                _table.Failed(lookup, LookupFailure.Timeout, _now + TimeSpan.FromMilliseconds(_random.Next(5000)), _now);
                break;
            case 1:
                _table.NotMade(lookup);
                break;
            case int kind:
                LookupAnswer answer = kind == 2 ? LookupAnswer.Unknown : kind == 3 ? LookupAnswer.Offline : LookupAnswer.Online;
                _answers.Add((lookup.Id, start, answer, _now));
                if (_random.Next(2) == 0)
                    _table.Answered(lookup, answer, _now);
                else if (_table.AnsweredTryStart(lookup, answer, _now, out Callbacks.Journal.Pending.Lookup next))
                    Started(next);
                break;
        }
    }

    void Take()
    {
        if (_batch.Count > 0)
            return;
        _table.TakeAnswers(_now, 3, (id, online, seen) => _batch.Add((id, online, seen)), suspects: _random.Next(2) == 0);
        foreach ((long id, bool online, Instant seen) in _batch)
        {
            Check(seen + Retention > _now, $"a statement for {id}, whose retention has passed");
            LookupAnswer answer = online ? LookupAnswer.Online : LookupAnswer.Offline;
            Check(online || keepAll, $"an offline answer of {id} is stored");
            Check(_answers.Exists(given => given.Id == id && given.Answer == answer && given.Start >= seen), $"{id} stored with {seen}, which no lookup that started later answers");
        }

        Check(_batch.DistinctBy(row => row.Id).Count() == _batch.Count, "an id twice in a batch");
    }

    void EndBatch()
    {
        if (_random.Next(3) == 0)
        {
            _table.AnswersReturned(asSuspects: _random.Next(2) == 0);
        }
        else
        {
            _commits.AddRange(_batch.Select(row => (row.Id, row.Seen)));
            _table.AnswersStored();
        }

        _statements.AddRange(_batch.Select(row => (row.Id, row.Seen, _now)));
        _batch = [];
    }

    void AskCovered(int ids, bool fits)
    {
        long[] asked = [.. Enumerable.Range(1, ids).Select(id => (long)id)];
        Instant since = _now - Retention;
        Instant[] receivedBy = [.. asked.Select(_ => _random.Next(2) == 0 ? Instant.MaxValue : _now - TimeSpan.FromSeconds(_random.Next(30)))];
        bool[] covered = new bool[ids];
        var absent = new Dictionary<long, Instant>();
        _table.FindCovered(asked, since, receivedBy, wereCovered: _random.Next(2) == 0, covered, absent);
        for (int i = 0; i < ids; i++)
        {
            Instant moment = Instant.Min(receivedBy[i], _now);
            bool mustStay = CoverEnd(asked[i], moment, PendingAtLeastUntil) > _now;
            Check(!mustStay || covered[i] || _table.UnfitUpTo > since, $"{asked[i]} has always been pending since {moment} and is not covered");
            bool mayStay = CoverEnd(asked[i], moment, PendingAtMostUntil) >= _now;
            Check(mayStay || !covered[i] || !fits, $"{asked[i]} was named by nothing for a moment since {moment} and is covered");
            // Undecided whatever rule one goes by: nothing committed reaches it, and no answer is younger than it.
            bool mustBe = _callbacks.Exists(callback =>
                callback.Ids.Contains(asked[i]) && callback.ReceivedAt > since && callback.ReceivedAt <= receivedBy[i]
                && !IsStored(asked[i], callback.ReceivedAt)
                && !_answers.Exists(answer => answer.Id == asked[i] && answer.Start > callback.ReceivedAt));
            if (fits)
                Check(!absent.ContainsKey(asked[i]) || !mustBe, $"{asked[i]} is pending and absent");
            Check(!mustBe || covered[i] || _table.UnfitUpTo > since, $"{asked[i]} is pending and not covered");
            bool cannotBe = !_callbacks.Exists(callback => callback.Ids.Contains(asked[i]) && callback.ReceivedAt > since);
            Check(!(cannotBe && covered[i]) || !fits, $"{asked[i]} is covered by nothing");
        }
    }

    /// <summary>Until when its sightings follow each other without a gap, from that moment on: each was received while one before was pending.</summary>
    Instant CoverEnd(long id, Instant moment, Func<long, Instant, Instant> pendingUntil)
    {
        Instant cover = moment;
        foreach ((_, Instant received) in _sightings.Where(sighting => sighting.Id == id))
        {
            if (received <= cover)
                cover = Instant.Max(cover, pendingUntil(id, received));
        }

        return cover;
    }

    /// <summary>Until the first answer that may settle it, though that one may have to be stored yet.</summary>
    Instant PendingAtLeastUntil(long id, Instant received)
    {
        Instant expires = received + Retention;
        return _answers.Where(answer => answer.Id == id && answer.Start > received).Select(answer => answer.At).Append(expires).Min();
    }

    /// <summary>Until it expires; what was sent to the store in time may end later.</summary>
    Instant PendingAtMostUntil(long id, Instant received)
    {
        Instant expires = received + Retention;
        if (_batch.Exists(row => row.Id == id && row.Seen >= received))
            expires = Instant.Max(expires, _now);
        return _statements.Where(statement => statement.Id == id && statement.Seen >= received).Select(statement => statement.EndedAt).Append(expires).Max();
    }

    bool IsStored(long id, Instant received) => _commits.Exists(commit => commit.Id == id && commit.Seen >= received);

    bool HasAnswer(long id, Instant received, LookupAnswer answer) => _answers.Exists(given => given.Id == id && given.Answer == answer && given.Start >= received);

    /// <summary>The last answer that it can go by says that it changes nothing.</summary>
    bool IsFiltered(long id, Instant received)
    {
        (long Id, Instant Start, LookupAnswer Answer, Instant At) last = _answers.LastOrDefault(given => given.Id == id && given.Start > received);
        bool wasKept = _answers.Exists(given => given.Id == id && given.Start > received && (given.Answer == LookupAnswer.Online || (keepAll && given.Answer == LookupAnswer.Offline)));
        return last.Id == id && !wasKept;
    }

    void Check(bool holds, string otherwise) => Assert.True(holds, $"seed {seed}: {otherwise} at {_now}");

    sealed record Callback(ulong Number, Instant ReceivedAt, long[] Ids)
    {
        public override string ToString() => $"callback {Number} of {ReceivedAt} naming {string.Join(',', Ids)}";
    }
}

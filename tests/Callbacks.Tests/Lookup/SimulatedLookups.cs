using Callbacks.Journal.Pending;
using Callbacks.Lookup;
using Callbacks.Time;

namespace Callbacks.Tests.Lookup;

/// <summary>
/// Lookups against an upstream that is a function, in time that is not real: as many as the limit allows, of ever new ids, without end or as many
/// as are asked for. A place is taken again in the millisecond in which it becomes free.
/// </summary>
sealed class SimulatedLookups(InFlightLimit limit, TimeSpan attemptTimeout)
{
    public static readonly Instant Start = Instant.From(new DateTimeOffset(2026, 1, 1, 0, 0, 0, TimeSpan.Zero));
    static readonly LookupResult Online = LookupResult.Of(LookupAnswer.Online);
    const int BackoffMs = 200;

    static readonly LookupResult Late = LookupResult.Failed(LookupFailure.Timeout);

    readonly PriorityQueue<long, (long EndsAt, long Id)> _byEnd = new();
    readonly Dictionary<long, (Instant Begun, LookupResult Result)> _inFlight = [];
    readonly Queue<int> _retries = new();
    readonly Random _random = new(1);
    int _milliseconds;
    long _id;

    /// <summary>What comes of a lookup that is begun now, with so many others in flight, and when. What takes longer than the time limit runs out of time.</summary>
    public Func<int, (LookupResult Result, TimeSpan After)> Upstream { get; set; } = _ => (Online, TimeSpan.Zero);

    /// <summary>Infinite at first.</summary>
    public double IdsPerSecond { get; set; } = double.PositiveInfinity;

    /// <summary>Ids that wait for their lookup.</summary>
    public double Waiting { get; set; }

    public TimeSpan Elapsed => TimeSpan.FromMilliseconds(_milliseconds);

    public int InFlight => _inFlight.Count;

    /// <summary>Since the last <see cref="Count"/>.</summary>
    public int Answered { get; private set; }
    public int Failed { get; private set; }
    public TimeSpan Away { get; private set; }
    public int LimitMin { get; private set; } = int.MaxValue;

    Instant Now => Start + Elapsed;

    public void Count() => (Answered, Failed, Away, LimitMin) = (0, 0, TimeSpan.Zero, limit.Limit);

    /// <summary>300 ms to 4 s.</summary>
    public (LookupResult Result, TimeSpan After) Answer() => (Online, TimeSpan.FromMilliseconds(_random.Next(300, 4_000)));

    public static (LookupResult Result, TimeSpan After) AnswerAfter(double seconds) => (Online, TimeSpan.FromSeconds(seconds));

    public static (LookupResult Result, TimeSpan After) Fail(LookupFailure failure, double afterMilliseconds = 1) =>
        (LookupResult.Failed(failure), TimeSpan.FromMilliseconds(afterMilliseconds));

    public static (LookupResult Result, TimeSpan After) Hang() => (Online, TimeSpan.FromDays(1));

    public bool Happens(double probability) => _random.NextDouble() < probability;

    public void Run(double seconds)
    {
        for (int end = _milliseconds + (int)(seconds * 1_000); _milliseconds < end;)
            Step();
    }

    /// <summary>How long it takes.</summary>
    public TimeSpan RunUntil(Func<bool> condition, double secondsMax)
    {
        TimeSpan start = Elapsed;
        while (!condition())
        {
            Assert.True(Elapsed - start < TimeSpan.FromSeconds(secondsMax), $"The limit is {limit.Limit} after {secondsMax} s.");
            Step();
        }

        return Elapsed - start;
    }

    /// <summary>The service stands still: it sees later what has come meanwhile.</summary>
    public void StandStill(double seconds)
    {
        _milliseconds += (int)(seconds * 1_000);
        limit.StoodStill(Now);
        // Of those whose time is up some are given up before their answer is read.
        foreach (long id in _inFlight.Where(entry => Now - entry.Value.Begun >= attemptTimeout && Happens(0.9)).Select(entry => entry.Key).ToArray())
            End(id, Late);
    }

    /// <summary>Connections are closed, and it takes the service up to so long to see it.</summary>
    public void LoseConnectionsBusily(double share, double seconds)
    {
        foreach ((long id, (Instant begun, _)) in _inFlight.Where(_ => Happens(share)).ToArray())
        {
            _inFlight[id] = (begun, LookupResult.Failed(LookupFailure.Connection));
            _byEnd.Enqueue(id, ((Now + TimeSpan.FromSeconds(_random.NextDouble() * seconds)).Microseconds, id));
        }
    }

    /// <summary>Connections are closed with lookups on them.</summary>
    public void LoseConnections(double share)
    {
        foreach (long id in _inFlight.Keys.Where(_ => Happens(share)).ToArray())
            End(id, LookupResult.Failed(LookupFailure.Connection));
    }

    void Step()
    {
        _milliseconds++;
        while (_byEnd.TryPeek(out long id, out (long EndsAt, long Id) due) && due.EndsAt <= Now.Microseconds)
        {
            _byEnd.Dequeue();
            if (_inFlight.TryGetValue(id, out (Instant Begun, LookupResult Result) lookup))
                End(id, lookup.Result);
        }

        Waiting += IdsPerSecond / 1_000;
        while (_retries.TryPeek(out int retryAt) && retryAt <= _milliseconds)
        {
            _retries.Dequeue();
            Waiting++;
        }

        while (limit.MayStart(_inFlight.Count, Now) && Waiting >= 1)
            Begin();
        if (limit.IsProbing)
            Away += TimeSpan.FromMilliseconds(1);
        LimitMin = Math.Min(LimitMin, limit.Limit);
    }

    void Begin()
    {
        Waiting--;
        (LookupResult result, TimeSpan after) = Upstream(_inFlight.Count);
        if (after >= attemptTimeout)
            (result, after) = (Late, attemptTimeout);
        _inFlight.Add(++_id, (Now, result));
        _byEnd.Enqueue(_id, ((Now + after).Microseconds, _id));
        limit.Started(Now);
    }

    void End(long id, in LookupResult result)
    {
        _inFlight.Remove(id, out (Instant Begun, LookupResult Result) lookup);
        if (result.IsAnswer)
        {
            Answered++;
        }
        else
        {
            Failed++;
            _retries.Enqueue(_milliseconds + BackoffMs);
        }

        limit.Record(id, result, lookup.Begun, Now);
    }
}

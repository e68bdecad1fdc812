using System.Diagnostics.CodeAnalysis;
using Callbacks.Configuration;
using Callbacks.Journal.Pending;
using Callbacks.Telemetry;
using Callbacks.Time;

namespace Callbacks.Lookup;

/// <summary>
/// Makes the lookups that the pending table asks for, as many at a time as the in-flight limit allows. A waiting id holds no task and no
/// connection; one in flight holds both until it has an answer or has failed.
/// </summary>
sealed partial class Lookups(
    PendingTable table, Upstream upstream, LookupOptions options, ServiceTime time, TimeProvider timers, Random random, ILogger<Lookups> logger) : IDisposable
{
    static readonly TimeSpan IdleWait = TimeSpan.FromSeconds(1);
    static readonly TimeSpan GrowthWait = TimeSpan.FromMilliseconds(50);

    static readonly TimeSpan LeastWait = TimeSpan.FromMilliseconds(1);

    readonly string _shownUpstream = Setting.Show(options.BaseUrl);
    readonly Lock _lock = new();
    readonly InFlightLimit _limit = new(options.InFlightMax, options.AttemptTimeout);
    readonly Silence _silence = new(timers);
    readonly HashSet<Attempt> _running = [];
    readonly Stack<Attempt> _idle = new();
    readonly Outage _outage = new(timers);
    readonly OverdueLook _overdueLook = new(timers);
    readonly HashSet<Type> _unexpected = [];
    readonly long[] _failures = new long[Enum.GetValues<LookupFailure>().Length];
    long _attempts;
    long _answers;
    bool _isHeldBack;
    bool _stopping;
    TaskCompletionSource? _drained;

    /// <summary>Told how long each lookup took, whatever it came to; for a histogram. Set before the start.</summary>
    public Action<TimeSpan>? OnEnded { get; set; }

    /// <summary>Ends what has lasted too long, starts what may start. Returns how long there is nothing to do, unless the table says otherwise.</summary>
    public TimeSpan RunOnce()
    {
        CancelOverdue();
        while (TryBegin(null, out Journal.Pending.Lookup lookup, out Attempt? attempt))
            _ = RunAsync(lookup, attempt);
        return UntilNextStart();
    }

    public LookupStatus Status()
    {
        lock (_lock)
        {
            return new LookupStatus(
                _limit.IsProbing, _silence.Length, _running.Count, _limit.Limit, options.InFlightMax, _attempts, _answers,
                Enum.GetValues<LookupFailure>().Where(failure => failure != LookupFailure.None)
                    .ToDictionary(failure => failure.ToString().ToLowerInvariant(), failure => _failures[(int)failure], StringComparer.Ordinal));
        }
    }

    /// <summary>Breaks off what is in flight: it is looked up again in the next life.</summary>
    public Task StopAsync()
    {
        lock (_lock)
        {
            _stopping = true;
            if (_running.Count == 0)
                return Task.CompletedTask;
            _drained = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
            foreach (Attempt attempt in _running)
                attempt.BreakOff();
            return _drained.Task;
        }
    }

    /// <summary>One lookup after another, for as long as there is one to make and room for it.</summary>
    async Task RunAsync(Journal.Pending.Lookup lookup, Attempt attempt)
    {
        bool goesOn = true;
        while (goesOn)
        {
            LookupResult? result;
            try
            {
                result = await upstream.GetAsync(lookup.Id, attempt.Token);
            }
            catch (OperationCanceledException)
            {
                result = attempt.IsBrokenOff ? null : LookupResult.Failed(LookupFailure.Timeout);
            }
            catch (Exception exception)
            {
                // Nothing an upstream does should get here; the id is tried again as after any other failure.
                if (IsNews(exception))
                    Log.Unexpected(logger, lookup.Id, exception);
                result = LookupResult.Failed(LookupFailure.Connection);
            }

            goesOn = Exchange(ref lookup, result, attempt);
        }
    }

    /// <summary>One line for each kind: thousands may be in flight.</summary>
    bool IsNews(Exception exception)
    {
        lock (_lock)
            return _unexpected.Add(exception.GetType());
    }

    /// <summary>Hands in what a lookup came to, and takes the next one for its place. False when there is none, or no room.</summary>
    /// <param name="made">Null: it was broken off.</param>
    bool Exchange(ref Journal.Pending.Lookup lookup, LookupResult? made, Attempt attempt)
    {
        if (made is not { } result)
        {
            table.NotMade(lookup);
            return TryBegin(attempt, out lookup, out _);
        }

        Instant now = time.Now;
        long timestamp = timers.GetTimestamp();
        OnEnded?.Invoke(timers.GetElapsedTime(attempt.Start, timestamp));
        bool goesOn = Record(lookup, result, attempt, now, timestamp, out TimeSpan delay);
        if (goesOn)
        {
            if (table.AnsweredTryStart(lookup, result.Answer, now, out Journal.Pending.Lookup next))
            {
                lookup = next;
                return true;
            }

            lock (_lock)
                _limit.NotStarted();
        }
        else if (result.IsAnswer)
        {
            table.Answered(lookup, result.Answer, now);
        }
        else
        {
            table.Failed(lookup, result.Failure, now + delay, now);
            // Whoever waits for the next start does not know yet that one is due so soon.
            table.LookupsWaiting.Set();
        }

        return TryBegin(attempt, out lookup, out _);
    }

    /// <summary>
    /// Counts what a lookup came to. True when all goes well and its place may be taken at once by the next one: thousands a second go this
    /// way, past <see cref="TryBegin"/>, and hold one lock after the other, each for a moment.
    /// </summary>
    bool Record(in Journal.Pending.Lookup lookup, in LookupResult result, Attempt attempt, Instant now, long timestamp, out TimeSpan delay)
    {
        bool goesOn, wentAway, cameBack;
        LookupFailure why;
        TimeSpan lasted = TimeSpan.Zero;
        delay = TimeSpan.Zero;
        lock (_lock)
        {
            _limit.Record(lookup.Id, result, attempt.BegunAt, now);
            bool isAway = _limit.IsProbing;
            wentAway = isAway && _outage.Begins();
            cameBack = !isAway && _outage.Ends(out lasted);
            why = _limit.LastFailure;
            _attempts++;
            if (result.IsAnswer)
            {
                _answers++;
                _silence.Answered(timestamp);
            }
            else
            {
                _failures[(int)result.Failure]++;
                delay = Backoff.Delay(lookup.Attempts + 1, options.BackoffMax, result.RetryAfter, random.NextDouble());
            }

            goesOn = result.IsAnswer && !isAway && !_stopping && _limit.MayStart(_running.Count - 1, now);
            if (goesOn)
                Begin(attempt, now, timestamp);
        }

        if (wentAway)
            Log.Away(logger, _shownUpstream, why);
        else if (cameBack)
            Log.Back(logger, _shownUpstream, lasted.TotalSeconds);
        return goesOn;
    }

    /// <param name="finished">The place of a lookup that has just ended, to be taken again or given back.</param>
    bool TryBegin(Attempt? finished, out Journal.Pending.Lookup lookup, [NotNullWhen(true)] out Attempt? attempt)
    {
        Instant now = time.Now;
        lock (_lock)
        {
            int others = finished is null ? _running.Count : _running.Count - 1;
            _isHeldBack = !_limit.MayStart(others, now);
            if (!_stopping && !_isHeldBack && table.TryStart(now, out lookup))
            {
                attempt = finished ?? (_idle.TryPop(out Attempt? idle) ? idle : new Attempt());
                Begin(attempt, now, timers.GetTimestamp());
                if (finished is null)
                    _running.Add(attempt);
                return true;
            }

            if (finished is not null)
            {
                _running.Remove(finished);
                _idle.Push(finished);
            }

            if (_running.Count == 0)
            {
                _drained?.TrySetResult();
                if (!_isHeldBack && table.UntilNextRetry(now) is null)
                    _silence.NothingWaits();
            }

            (lookup, attempt) = (default, null);
            return false;
        }
    }

    void Begin(Attempt attempt, Instant now, long timestamp)
    {
        _limit.Started(now);
        _silence.Asked(timestamp);
        attempt.Begin(now, timestamp);
    }

    void CancelOverdue()
    {
        long now = timers.GetTimestamp();
        if (!_overdueLook.IsDue(now, out bool stoodStill) && !stoodStill)
            return;
        lock (_lock)
        {
            if (stoodStill)
            {
                _limit.StoodStill(time.Now);
                return;
            }

            foreach (Attempt attempt in _running)
            {
                if (timers.GetElapsedTime(attempt.Start, now) >= options.AttemptTimeout)
                    attempt.Cancel();
            }
        }
    }

    TimeSpan UntilNextStart()
    {
        Instant now = time.Now;
        TimeSpan wait = table.UntilNextRetry(now) ?? IdleWait;
        lock (_lock)
        {
            // Ended lookups take the next one themselves; what nobody else notices is that a probe is due, or that the limit may grow.
            if (_limit.IsProbing)
                wait = UntilNextProbe(wait, now);
            else if (_limit.IsBelowMax && wait > GrowthWait)
                wait = GrowthWait;
            // What is due can't start while every place is taken.
            if (wait < GrowthWait && !_limit.MayStart(_running.Count, now))
                wait = GrowthWait;
            if (_running.Count > 0 && wait > OverdueLook.Period)
                wait = OverdueLook.Period;
        }

        return wait < IdleWait ? wait : IdleWait;
    }

    /// <param name="untilRetry">Until an id comes back from its backoff; but others may be waiting for their turn already.</param>
    TimeSpan UntilNextProbe(TimeSpan untilRetry, Instant now)
    {
        TimeSpan untilProbe = _limit.UntilNextProbe(now);
        if (!_isHeldBack)
            return untilProbe > untilRetry ? untilProbe : untilRetry;
        return untilProbe > LeastWait ? untilProbe : LeastWait;
    }

    public void Dispose()
    {
        foreach (Attempt attempt in _idle)
            attempt.Dispose();
    }

    static partial class Log
    {
        [LoggerMessage(Level = LogLevel.Warning, Message = "The upstream {Upstream} is away ({Failure}): only probes go out, callbacks wait.")]
        public static partial void Away(ILogger logger, string upstream, LookupFailure failure);

        [LoggerMessage(Level = LogLevel.Information, Message = "The upstream {Upstream} is back after {Seconds:F1} s.")]
        public static partial void Back(ILogger logger, string upstream, double seconds);

        [LoggerMessage(Level = LogLevel.Error, Message = "The lookup of {Id} failed in an unexpected way; more of this kind are not told.")]
        public static partial void Unexpected(ILogger logger, long id, Exception exception);
    }
}

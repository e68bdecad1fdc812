using Callbacks.Journal;
using Callbacks.Store;
using Callbacks.Telemetry;
using Callbacks.Time;

namespace Callbacks.View;

/// <summary>Per second, over the last ten seconds.</summary>
/// <param name="RowsDeleted">Of objects that were not named any more.</param>
readonly record struct RateView(double Callbacks, double Sightings, double Lookups, double RowsStored, double RowsDeleted, double Expired);

/// <summary>
/// Takes the counters once a second, so that a view can tell rates without keeping state of its own, and keeps the last quarter of
/// an hour for the dashboard's plots.
/// </summary>
sealed partial class History(
    Balance balance, CallbackJournal journal, StoreState store, MetricReadings metrics, ServiceTime time, TimeProvider timers, Func<LookupView> lookup, Func<SweepView> sweep,
    ILogger<History> logger)
    : BackgroundService
{
    public const int RowsMax = 15 * 60;

    /// <summary>Rates and percentiles are of so many seconds: the known sender posts every five.</summary>
    const int Seconds = 10;

    readonly Lock _lock = new();
    readonly Outage _outage = new(timers);
    readonly Queue<Sample> _samples = new();
    readonly Queue<HistoryRow> _rows = new();

    public RateView Rates
    {
        get
        {
            Counters now = Count();
            lock (_lock)
                return _samples.TryPeek(out Sample first) ? now.RatesSince(first.Counters) : default;
        }
    }

    /// <summary>What came after that moment, oldest first.</summary>
    public HistoryRow[] Since(Instant at)
    {
        lock (_lock)
            return [.. _rows.Where(row => row.At > at)];
    }

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        using var timer = new PeriodicTimer(TimeSpan.FromSeconds(1), timers);
        try
        {
            do
            {
                try
                {
                    RunOnce();
                    if (_outage.Ends(out TimeSpan lasted))
                        Log.Again(logger, lasted.TotalSeconds);
                }
                catch (Exception exception)
                {
                    // A second without figures is no reason to end the service.
                    if (_outage.Begins())
                        Log.Failed(logger, exception);
                }
            }
            while (await timer.WaitForNextTickAsync(stoppingToken));
        }
        catch (OperationCanceledException) when (stoppingToken.IsCancellationRequested)
        {
            // Also when the start of another service failed, of which the host would otherwise speak as this one's failure.
        }
    }

    void RunOnce()
    {
        var sample = new Sample(Count(), Distributions.Read(metrics.Read()));
        long pending = balance.Snapshot().Pending, bytes = journal.Status().Bytes;
        lock (_lock)
        {
            Sample first = _samples.TryPeek(out Sample oldest) ? oldest : sample;
            _rows.Enqueue(new HistoryRow(sample.Counters.At, sample.Counters.RatesSince(first.Counters), sample.Distributions.Since(first.Distributions), pending, bytes));
            _samples.Enqueue(sample);
            if (_samples.Count > Seconds)
                _samples.Dequeue();
            if (_rows.Count > RowsMax)
                _rows.Dequeue();
        }
    }

    Counters Count()
    {
        BalanceSnapshot books = balance.Snapshot();
        return new Counters(time.Now, books.AcknowledgedCallbacks, books.Acknowledged, lookup().Attempts, store.RowsStored, sweep().RowsSwept, books.Outcomes.Expired);
    }

    static partial class Log
    {
        [LoggerMessage(Level = LogLevel.Error, Message = "The figures of a second could not be taken.")]
        public static partial void Failed(ILogger logger, Exception exception);

        [LoggerMessage(Level = LogLevel.Information, Message = "Figures are taken again after {Seconds:F1} s.")]
        public static partial void Again(ILogger logger, double seconds);
    }

    readonly record struct Sample(Counters Counters, Distributions Distributions);

    readonly record struct Counters(Instant At, long Callbacks, long Sightings, long Lookups, long RowsStored, long RowsDeleted, long Expired)
    {
        /// <summary>Zero when too little time has passed to tell.</summary>
        public RateView RatesSince(in Counters first)
        {
            double seconds = (At - first.At).TotalSeconds;
            return seconds < 0.5
                ? default
                : new RateView(
                    Rate(Callbacks, first.Callbacks), Rate(Sightings, first.Sightings), Rate(Lookups, first.Lookups), Rate(RowsStored, first.RowsStored),
                    Rate(RowsDeleted, first.RowsDeleted), Rate(Expired, first.Expired));

            double Rate(long now, long before) => Math.Round((now - before) / seconds, 1);
        }
    }
}

/// <summary>One second of the plots: rates and percentiles are those of the ten seconds before it.</summary>
readonly record struct HistoryRow(Instant At, RateView Rates, DistributionsView Distributions, long Pending, long JournalBytes);

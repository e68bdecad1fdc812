using Callbacks.Journal;
using Callbacks.Store;
using Callbacks.Time;

namespace Callbacks.View;

/// <summary>Per second, over the last ten seconds.</summary>
readonly record struct RateView(double Callbacks, double Sightings, double RowsStored, double Expired);

/// <summary>Takes the counters once a second, so that a view can tell rates without keeping state of its own.</summary>
sealed class Rates(Balance balance, StoreState store, ServiceTime time, TimeProvider timers) : BackgroundService
{
    const int Seconds = 10;

    readonly Lock _lock = new();
    readonly Queue<Sample> _samples = new();

    public RateView Current
    {
        get
        {
            Sample now = Take();
            lock (_lock)
            {
                if (!_samples.TryPeek(out Sample first) || (now.At - first.At).TotalSeconds is var seconds && seconds < 0.5)
                    return default;
                return new RateView(
                    Round((now.Callbacks - first.Callbacks) / seconds), Round((now.Sightings - first.Sightings) / seconds),
                    Round((now.Rows - first.Rows) / seconds), Round((now.Expired - first.Expired) / seconds));
            }
        }
    }

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        using var timer = new PeriodicTimer(TimeSpan.FromSeconds(1), timers);
        try
        {
            do
            {
                Sample sample = Take();
                lock (_lock)
                {
                    _samples.Enqueue(sample);
                    if (_samples.Count > Seconds)
                        _samples.Dequeue();
                }
            }
            while (await timer.WaitForNextTickAsync(stoppingToken));
        }
        catch (OperationCanceledException) when (stoppingToken.IsCancellationRequested)
        {
            // Also when the start of another service failed, of which the host would otherwise speak as this one's failure.
        }
    }

    Sample Take()
    {
        BalanceSnapshot books = balance.Snapshot();
        return new Sample(time.Now, books.AcknowledgedCallbacks, books.Acknowledged, store.RowsStored, books.Outcomes.Expired);
    }

    static double Round(double rate) => Math.Round(rate, 1);

    readonly record struct Sample(Instant At, long Callbacks, long Sightings, long Rows, long Expired);
}

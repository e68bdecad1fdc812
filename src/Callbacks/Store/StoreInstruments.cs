using System.Diagnostics.Metrics;
using Callbacks.Telemetry;
using Callbacks.Time;

namespace Callbacks.Store;

/// <summary>What reaches PostgreSQL, and how long after its callback was received.</summary>
sealed class StoreInstruments : IInstruments
{
    /// <summary>Rows of one batch that are timed: enough to know a large batch by, and no cost per row.</summary>
    const int TimedRowsMax = 16;

    readonly Histogram<int> _batches;
    readonly Histogram<double> _delays;
    readonly ServiceTime _time;

    public StoreInstruments(CallbackMeter meter, StoreState state, ServiceTime time)
    {
        _time = time;
        meter.Count("callback.store.rows", "{row}", "Rows written to PostgreSQL and committed.", () => state.RowsStored);
        meter.Show("callback.postgresql.up", "", "1 when PostgreSQL takes rows, 0 when it does not.", () => state.Health.IsUp ? 1 : 0);
        _batches = meter.Size("callback.store.batch.rows", "{row}", "Rows of one committed batch.");
        _delays = meter.Time(
            "callback.receive_to_stored", "Time from receiving a callback to having its row committed; of a large batch, of 16 rows spread over it.");
        state.OnStored = Record;
    }

    void Record(List<ObjectState> rows)
    {
        Instant now = _time.Now;
        _batches.Record(rows.Count);
        // They are sorted by id, which says nothing about their age.
        int timed = Math.Min(rows.Count, TimedRowsMax);
        for (int i = 0; i < timed; i++)
            _delays.Record((now - rows[(int)((long)i * rows.Count / timed)].LastSeen).TotalSeconds);
    }
}

using System.Diagnostics.Metrics;
using Callbacks.Telemetry;

namespace Callbacks.Sweep;

/// <summary>What is deleted, and how late.</summary>
sealed class SweepInstruments : IInstruments
{
    public SweepInstruments(CallbackMeter meter, SweepState state)
    {
        meter.Count("callback.expiry.rows", "{row}", "Rows deleted because their id was not named any more.", () => state.Health.RowsSwept);
        meter.Show("callback.expiry.held_rows", "{row}", "Rows older than the retention that pending callbacks, or locks, keep.", () => state.Health.RowsHeld);
        meter.Show("callback.expiry.up", "", "1 when sweeping works, 0 when it does not.", () => state.Health.IsUp ? 1 : 0);
        Histogram<double> lateness = meter.Time("callback.expiry.lateness", "Time from the moment at which a row could go to its deletion.");
        state.OnSwept = late => lateness.Record(late.TotalSeconds);
    }
}

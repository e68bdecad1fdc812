using System.Diagnostics.Metrics;
using Callbacks.Telemetry;
using Callbacks.Time;

namespace Callbacks.Journal;

/// <summary>What came in, how it ended, what is pending, and how the disk is doing.</summary>
sealed class JournalInstruments : IInstruments
{
    public JournalInstruments(CallbackMeter meter, CallbackJournal journal, Balance balance, ServiceTime time)
    {
        meter.Count("callback.received", "{callback}", "Callbacks that were acknowledged.", () => balance.Snapshot().AcknowledgedCallbacks);
        meter.Count("callback.received_sightings", "{sighting}", "Distinct ids in callbacks that were acknowledged.", () => balance.Snapshot().Acknowledged);
        meter.Count("callback.sightings", "{sighting}", "Sightings that are settled, by their outcome.", "outcome", () => Outcomes(balance.Snapshot().Outcomes));
        meter.Show("callback.pending_sightings", "{sighting}", "Sightings acknowledged and not settled.", () => balance.Snapshot().Pending);
        meter.Show(
            "callback.oldest_pending_age", "s", "Age of the oldest callback that is not settled; 0 when all are.",
            () => journal.Status().OldestPending is { } oldest ? (time.Now - oldest).TotalSeconds : 0);
        meter.Show("callback.journal.size", "By", "Size of the journal's segments on disk.", () => journal.Status().Bytes);
        meter.Show("callback.journal.segments", "{segment}", "Segments of the journal that are not deleted yet.", () => journal.Status().Segments);
        meter.Show("callback.journal.damaged", "{place}", "Places of the journal that were found damaged since the start.", () => journal.Status().Damage.Count);
        meter.Show("callback.journal.accepting", "", "1 when the journal can be written, 0 when callbacks are refused.", () => journal.Status().Problem is null ? 1 : 0);
        meter.Show("callback.journal.has_room", "", "1 when there is room for the next segment, 0 when callbacks will be refused as soon as the current one is full.", () => journal.Status().SpareProblem is null ? 1 : 0);
        Histogram<double> flushes = meter.Time("callback.journal.flush.duration", "Time that writing and flushing one group of callbacks took.");
        journal.OnFlushed = took => flushes.Record(took.TotalSeconds);
    }

    static IEnumerable<(string Value, long Count)> Outcomes(OutcomeCounts counts) =>
        [("stored", counts.Stored), ("offline", counts.Offline), ("unknown", counts.Unknown), ("expired", counts.Expired)];
}

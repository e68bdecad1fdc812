using System.Diagnostics.Metrics;
using Callbacks.Telemetry;

namespace Callbacks.Lookup;

/// <summary>How the upstream is doing.</summary>
sealed class LookupInstruments : IInstruments
{
    public LookupInstruments(CallbackMeter meter, Lookups lookups)
    {
        meter.Count("callback.lookup.attempts", "{lookup}", "Lookups that ended, by what they came to.", "result", () => Results(lookups.Status()));
        meter.Show("callback.lookups_in_flight", "{lookup}", "Lookups under way.", () => lookups.Status().InFlight);
        meter.Show("callback.lookups_in_flight_limit", "{lookup}", "Lookups that may be under way; it shrinks while the upstream struggles.", () => lookups.Status().InFlightLimit);
        meter.Show("callback.upstream.up", "", "1 when the upstream answers, 0 when only probes go out.", () => lookups.Status().IsUpstreamAway ? 0 : 1);
        Histogram<double> durations = meter.Time("callback.lookup.duration", "Time that one lookup took, whatever it came to.");
        lookups.OnEnded = took => durations.Record(took.TotalSeconds);
    }

    static IEnumerable<(string Value, long Count)> Results(LookupStatus status) =>
        status.Failures.Select(failure => (failure.Key, failure.Value)).Prepend(("answer", status.Answers));
}

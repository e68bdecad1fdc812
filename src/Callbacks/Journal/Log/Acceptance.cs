using Callbacks.Telemetry;

namespace Callbacks.Journal.Log;

/// <summary>
/// The log's word on whether callbacks are accepted: a line with the first that is answered 503, and one with the first that is accepted
/// again. Safe for use by several threads.
/// </summary>
sealed partial class Acceptance(uint tag, TimeProvider timers, ILogger logger)
{
    readonly Outage _outage = new(timers);

    public bool IsRefusing => _outage.IsOn;

    /// <param name="number">Of the callback; of the next one, when none was there to be refused.</param>
    public void Refused(ulong number, string problem)
    {
        if (!_outage.Begins())
            return;
        string id = CallbackId.Format(tag, number);
        LogRefused(id, problem);
    }

    public void Accepted(ulong number)
    {
        if (!_outage.Ends(out TimeSpan lasted))
            return;
        string id = CallbackId.Format(tag, number);
        LogAccepted(id, lasted.TotalSeconds);
    }

    [LoggerMessage(Level = LogLevel.Error, Message = "Callbacks are answered 503 from {CallbackId} on: {Problem}")]
    partial void LogRefused(string callbackId, string problem);

    [LoggerMessage(Level = LogLevel.Information, Message = "Callbacks are accepted again from {CallbackId} on, after {Seconds:F1} s.")]
    partial void LogAccepted(string callbackId, double seconds);
}

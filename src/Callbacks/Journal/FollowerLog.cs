using Callbacks.Telemetry;

namespace Callbacks.Journal;

/// <summary>What <see cref="JournalFollower"/> says: of failures that repeat only the first and the end.</summary>
sealed partial class FollowerLog(ILogger<JournalFollower> logger, TimeProvider time)
{
    readonly Outage _outage = new(time);

    public void Failed(Exception exception)
    {
        if (_outage.Begins())
            LogFailed(exception);
    }

    public void Succeeded()
    {
        if (_outage.Ends(out TimeSpan lasted))
            LogGoesOn(lasted.TotalSeconds);
    }

    [LoggerMessage(Level = LogLevel.Information, Message = "The journal is read: {Segments} segments, {Sightings} sightings of earlier lives are pending.")]
    public partial void Recovered(int segments, long sightings);

    [LoggerMessage(Level = LogLevel.Critical, Message = "Earlier segments of the journal could not be read; callbacks are accepted, nothing is swept.")]
    public partial void RecoveryFailed(Exception exception);

    [LoggerMessage(Level = LogLevel.Error, Message = "Following the journal failed, and is tried again every second.")]
    partial void LogFailed(Exception exception);

    [LoggerMessage(Level = LogLevel.Information, Message = "Following the journal goes on after {Seconds:F1} s.")]
    partial void LogGoesOn(double seconds);
}

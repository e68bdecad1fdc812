using System.Globalization;

namespace Callbacks.Tester.Records;

/// <summary>
/// Moments as whole microseconds of wall clock since 1970-01-01T00:00:00Z: the resolution of PostgreSQL's <c>timestamptz</c>, and
/// comparable between tester, service and database because all three share one machine's clock.
/// </summary>
static class Moment
{
    public const long PerMillisecond = 1_000;
    public const long PerSecond = 1_000_000;

    public static long Now(TimeProvider time) => From(time.GetUtcNow());

    /// <summary>Rounds down to a whole microsecond.</summary>
    public static long From(DateTimeOffset time) => (time.UtcTicks - DateTime.UnixEpoch.Ticks) / TimeSpan.TicksPerMicrosecond;

    public static long From(TimeSpan span) => span.Ticks / TimeSpan.TicksPerMicrosecond;

    /// <summary>ISO 8601 with six digits, as the service's answer has it.</summary>
    public static string Text(long moment) => DateTime.UnixEpoch.AddTicks(moment * TimeSpan.TicksPerMicrosecond)
        .ToString("yyyy-MM-dd'T'HH:mm:ss.ffffff'Z'", CultureInfo.InvariantCulture);
}

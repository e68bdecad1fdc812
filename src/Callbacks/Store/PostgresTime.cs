using Callbacks.Time;

namespace Callbacks.Store;

/// <summary>
/// <c>timestamptz</c> travels as microseconds since 2000; Npgsql takes and gives them as <c>long</c>, which spares the
/// conversion to <see cref="DateTime"/> and the check of its kind for each row.
/// </summary>
static class PostgresTime
{
    const long EpochMicroseconds = 946_684_800_000_000;

    public static long From(Instant instant) => instant.Microseconds - EpochMicroseconds;

    /// <summary>PostgreSQL's <c>infinity</c> becomes <see cref="Instant.MaxValue"/>.</summary>
    public static Instant ToInstant(long microseconds) =>
        microseconds >= From(Instant.MaxValue) ? Instant.MaxValue : new Instant(microseconds + EpochMicroseconds);
}

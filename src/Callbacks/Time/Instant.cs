using System.Globalization;

namespace Callbacks.Time;

/// <summary>A moment of service time in whole microseconds since 1970-01-01T00:00:00Z, the resolution of PostgreSQL's <c>timestamptz</c>.</summary>
readonly record struct Instant(long Microseconds) : IComparable<Instant>
{
    public static readonly Instant MinValue = new(0);
    public static readonly Instant MaxValue = new(DateTime.MaxValue.Ticks / TimeSpan.TicksPerMicrosecond - UnixEpochMicroseconds);

    const long UnixEpochMicroseconds = 62_135_596_800_000_000;

    /// <summary>Rounds down to a whole microsecond.</summary>
    public static Instant From(DateTimeOffset time) => new(time.UtcTicks / TimeSpan.TicksPerMicrosecond - UnixEpochMicroseconds);

    public static Instant From(DateTime utc) => new(utc.Ticks / TimeSpan.TicksPerMicrosecond - UnixEpochMicroseconds);

    public DateTime ToDateTime() => new((Microseconds + UnixEpochMicroseconds) * TimeSpan.TicksPerMicrosecond, DateTimeKind.Utc);

    public static Instant operator +(Instant instant, TimeSpan span) => new(instant.Microseconds + span.Ticks / TimeSpan.TicksPerMicrosecond);

    public static Instant operator -(Instant instant, TimeSpan span) => new(instant.Microseconds - span.Ticks / TimeSpan.TicksPerMicrosecond);

    public static TimeSpan operator -(Instant later, Instant earlier) => TimeSpan.FromMicroseconds(later.Microseconds - earlier.Microseconds);

    public static bool operator <(Instant left, Instant right) => left.Microseconds < right.Microseconds;

    public static bool operator >(Instant left, Instant right) => left.Microseconds > right.Microseconds;

    public static bool operator <=(Instant left, Instant right) => left.Microseconds <= right.Microseconds;

    public static bool operator >=(Instant left, Instant right) => left.Microseconds >= right.Microseconds;

    public static Instant Max(Instant left, Instant right) => left > right ? left : right;

    public static Instant Min(Instant left, Instant right) => left < right ? left : right;

    public int CompareTo(Instant other) => Microseconds.CompareTo(other.Microseconds);

    /// <summary>ISO 8601 with six digits: <c>2026-01-01T00:00:00.000000Z</c>.</summary>
    public override string ToString() => ToDateTime().ToString("yyyy-MM-dd'T'HH:mm:ss.ffffff'Z'", CultureInfo.InvariantCulture);
}

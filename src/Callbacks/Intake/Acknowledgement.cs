using System.Buffers.Text;
using System.Runtime.CompilerServices;
using Callbacks.Journal;
using Callbacks.Time;

namespace Callbacks.Intake;

/// <summary>
/// The body of a 202, <c>{"id":"7f3a9c21-17","received_at":"2026-01-01T00:00:00.000000Z","objects":6}</c>, written as bytes: one of
/// these goes out per callback, and a serializer would cost more than the parser.
/// </summary>
static class Acknowledgement
{
    /// <summary>No acknowledgement is longer: the fixed text, a tag, two numbers of 20 digits and a time.</summary>
    public const int BytesMax = 128;

    /// <returns>The number of bytes written.</returns>
    public static int Write(Span<byte> to, uint tag, Receipt receipt, int objects)
    {
        int at = Text(to, 0, "{\"id\":\""u8);
        for (int shift = 28; shift >= 0; shift -= 4)
            to[at++] = "0123456789abcdef"u8[(int)(tag >> shift) & 15];

        to[at++] = (byte)'-';
        Utf8Formatter.TryFormat(receipt.Number, to[at..], out int digits);
        at = Text(to, at + digits, "\",\"received_at\":\""u8);
        at = WriteTime(to, at, receipt.ReceivedAt);
        at = Text(to, at, "\",\"objects\":"u8);
        Utf8Formatter.TryFormat(objects, to[at..], out digits);
        at += digits;
        to[at++] = (byte)'}';
        return at;
    }

    /// <summary>The same text as <see cref="Instant.ToString"/>.</summary>
    static int WriteTime(Span<byte> to, int at, Instant instant)
    {
        DateTime time = instant.ToDateTime();
        (int year, int month, int day) = DateOnly.FromDateTime(time);
        long ofDay = time.TimeOfDay.Ticks / TimeSpan.TicksPerMicrosecond;
        int seconds = (int)(ofDay / 1_000_000);
        at = Digits(to, at, year, 4);
        to[at++] = (byte)'-';
        at = Digits(to, at, month, 2);
        to[at++] = (byte)'-';
        at = Digits(to, at, day, 2);
        to[at++] = (byte)'T';
        at = Digits(to, at, seconds / 3600, 2);
        to[at++] = (byte)':';
        at = Digits(to, at, seconds / 60 % 60, 2);
        to[at++] = (byte)':';
        at = Digits(to, at, seconds % 60, 2);
        to[at++] = (byte)'.';
        at = Digits(to, at, (int)(ofDay % 1_000_000), 6);
        to[at++] = (byte)'Z';
        return at;
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    static int Digits(Span<byte> to, int at, int value, int width)
    {
        for (int i = at + width - 1; i >= at; i--)
        {
            (value, int digit) = Math.DivRem(value, 10);
            to[i] = (byte)('0' + digit);
        }

        return at + width;
    }

    static int Text(Span<byte> to, int at, ReadOnlySpan<byte> text)
    {
        text.CopyTo(to[at..]);
        return at + text.Length;
    }
}

using System.Text;
using Callbacks.Intake;
using Callbacks.Journal;
using Callbacks.Time;

namespace Callbacks.Tests.Intake;

public sealed class AcknowledgementTests
{
    [Theory]
    [InlineData(0x7f3a9c21u, 17ul, 1_767_225_600_000_000, 6, """{"id":"7f3a9c21-17","received_at":"2026-01-01T00:00:00.000000Z","objects":6}""")]
    [InlineData(0x0000000fu, ulong.MaxValue, 1_735_689_599_999_999, 0, """{"id":"0000000f-18446744073709551615","received_at":"2024-12-31T23:59:59.999999Z","objects":0}""")]
    [InlineData(uint.MaxValue, 1ul, 0, int.MaxValue, """{"id":"ffffffff-1","received_at":"1970-01-01T00:00:00.000000Z","objects":2147483647}""")]
    public void It_names_the_callback_its_time_and_its_distinct_objects(uint tag, ulong number, long microseconds, int objects, string expected)
    {
        byte[] buffer = new byte[Acknowledgement.BytesMax];
        int length = Acknowledgement.Write(buffer, tag, new Receipt(true, number, new Instant(microseconds)), objects);

        Assert.Equal(expected, Encoding.UTF8.GetString(buffer, 0, length));
    }

    [Fact]
    public void Its_time_reads_as_an_instant_reads()
    {
        byte[] buffer = new byte[Acknowledgement.BytesMax];
        Random random = new(1);
        for (int i = 0; i < 10_000; i++)
        {
            Instant instant = new(random.NextInt64(0, Instant.MaxValue.Microseconds));
            int length = Acknowledgement.Write(buffer, 1, new Receipt(true, 1, instant), 1);
            Assert.Contains($"\"{instant}\"", Encoding.UTF8.GetString(buffer, 0, length), StringComparison.Ordinal);
        }
    }
}

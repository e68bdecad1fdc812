using Callbacks.Sweep;

namespace Callbacks.Tests.Sweep;

public sealed class SweepOptionsTests
{
    [Fact]
    public void The_default_keeps_a_row_for_thirty_seconds()
    {
        var options = new SweepOptions();
        Assert.Empty(options.FindErrors());
        Assert.Equal(TimeSpan.FromSeconds(30), options.Retention);
    }

    [Fact]
    public void Each_value_out_of_range_is_named_with_its_range() => Assert.Equal(
        [
            "Sweep:Retention is 00:00:00.5; it must be 00:00:01 to 1.00:00:00.",
            "Sweep:HeldRowsMax is 0; it must be 1 to 10,000,000.",
        ],
        new SweepOptions { Retention = TimeSpan.FromMilliseconds(500), HeldRowsMax = 0 }.FindErrors(),
        StringComparer.Ordinal);
}

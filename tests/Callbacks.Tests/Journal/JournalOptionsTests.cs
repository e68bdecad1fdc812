using Callbacks.Journal;

namespace Callbacks.Tests.Journal;

public sealed class JournalOptionsTests
{
    [Fact]
    public void The_defaults_are_allowed() => Assert.Empty(new JournalOptions().FindErrors());

    [Fact]
    public void The_least_that_works_is_allowed() =>
        Assert.Empty(new JournalOptions { SegmentBytes = 64 << 10, BytesMax = 3 * (64 << 10), WindowIdsMax = 1_000 }.FindErrors());

    [Fact]
    public void Each_value_out_of_range_is_named_with_its_range() => Assert.Equal(
        [
            "Journal:Directory is ' '; it must be the name of a folder.",
            "Journal:SegmentBytes is 65535; it must be 65,536 to 1,073,741,824, in whole 4,096 bytes.",
            "Journal:WindowIdsMax is 999; it must be 1,000 to 50,000,000, and at least Intake:IdsMax.",
        ],
        new JournalOptions { Directory = " ", SegmentBytes = 65_535, WindowIdsMax = 999 }.FindErrors(),
        StringComparer.Ordinal);

    [Fact]
    public void A_segment_is_whole_blocks() =>
        Assert.StartsWith("Journal:SegmentBytes is 69633;", Assert.Single(new JournalOptions { SegmentBytes = 69_633 }.FindErrors()), StringComparison.Ordinal);

    [Fact]
    public void The_whole_has_room_for_three_segments() => Assert.Equal(
        "Journal:BytesMax is 50331647; it must be at least three times Journal:SegmentBytes (16777216).",
        Assert.Single(new JournalOptions { BytesMax = 3L * (16 << 20) - 1 }.FindErrors()));
}

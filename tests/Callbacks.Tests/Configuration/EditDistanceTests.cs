using Callbacks.Configuration;

namespace Callbacks.Tests.Configuration;

public sealed class EditDistanceTests
{
    [Theory]
    [InlineData("", "", 0)]
    [InlineData("", "Keep", 4)]
    [InlineData("Keep", "keep", 0)]
    [InlineData("Keep", "Kep", 1)]
    [InlineData("Keep", "Keeep", 1)]
    [InlineData("Keep", "Kekp", 1)]
    [InlineData("Keep", "Kepe", 1)]
    [InlineData("Lookup", "Lokup", 1)]
    [InlineData("Store", "Sweep", 4)]
    public void It_counts_letters_put_in_taken_out_replaced_or_swapped(string from, string to, int distance)
    {
        Assert.Equal(distance, EditDistance.Between(from, to));
        Assert.Equal(distance, EditDistance.Between(to, from));
    }
}

using Callbacks.Lookup;

namespace Callbacks.Tests.Lookup;

public sealed class LookupOptionsTests
{
    [Fact]
    public void The_defaults_are_the_task_s()
    {
        var options = new LookupOptions();
        Assert.Empty(options.FindErrors());
        Assert.Equal(new Uri("http://localhost:9010/"), options.BaseUrl);
    }

    [Theory]
    [InlineData("objects", "objects")]
    [InlineData("/objects", "/objects")]
    [InlineData("ftp://localhost/", "ftp://localhost/")]
    [InlineData("http://localhost/?key=1", "http://localhost/?***")]
    [InlineData("http://localhost/#top", "http://localhost/#***")]
    public void A_base_URL_that_no_path_can_be_put_behind_is_refused(string url, string shown)
    {
        string only = Assert.Single(new LookupOptions { BaseUrl = new Uri(url, UriKind.RelativeOrAbsolute) }.FindErrors());
        Assert.StartsWith($"Lookup:BaseUrl is '{shown}'; it must be", only, StringComparison.Ordinal);
    }

    [Fact]
    public void Each_value_out_of_range_is_named_with_its_range() => Assert.Equal(
        [
            "Lookup:InFlightMax is 0; it must be 1 to 100,000.",
            "Lookup:AttemptTimeout is 00:00:00; it must be 00:00:00.1 to 00:05:00.",
            "Lookup:BackoffMax is 01:00:00; it must be 00:00:00.1 to 00:00:10.",
        ],
        new LookupOptions { InFlightMax = 0, AttemptTimeout = TimeSpan.Zero, BackoffMax = TimeSpan.FromHours(1) }.FindErrors(),
        StringComparer.Ordinal);
}

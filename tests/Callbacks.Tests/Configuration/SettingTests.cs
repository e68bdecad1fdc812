using Callbacks.Configuration;
using Callbacks.Journal;
using Callbacks.Lookup;
using Callbacks.Store;
using Callbacks.Sweep;
using Callbacks.Telemetry;
using Microsoft.Extensions.Configuration;

namespace Callbacks.Tests.Configuration;

public sealed class SettingTests
{
    static readonly OptionsSection[] Sections =
    [
        new(JournalOptions.Section, typeof(JournalOptions)), new(LookupOptions.Section, typeof(LookupOptions)), new(StoreOptions.Section, typeof(StoreOptions)),
        new(SweepOptions.Section, typeof(SweepOptions)), new(TelemetryOptions.Section, typeof(TelemetryOptions)),
    ];

    [Theory]
    [InlineData("Lookup:InFlightMax", "many", "a whole number, 1 to 100,000")]
    [InlineData("Lookup:InFlightMax", "", "a whole number, 1 to 100,000")]
    [InlineData("Lookup:InFlightMax", "2,000", "a whole number, 1 to 100,000")]
    [InlineData("Lookup:InFlightMax", "99999999999", "a whole number, 1 to 100,000")]
    [InlineData("Journal:BytesMax", "1.5", "a whole number, at least three times Journal:SegmentBytes")]
    [InlineData("Sweep:Retention", "30s", "a time in the form hours:minutes:seconds, 00:00:01 to 1.00:00:00")]
    [InlineData("Store:Keep", "some", "Online or All")]
    [InlineData("Store:Keep", "1", "Online or All")]
    [InlineData("Telemetry:Protocol", "Http", "Grpc or HttpProtobuf")]
    [InlineData("Lookup:BaseUrl", "http://[", "an absolute http or https URL without a query")]
    public void A_value_of_another_type_is_said_with_key_value_and_what_it_must_be(string key, string value, string wanted)
    {
        (_, IReadOnlyList<string> errors) = Read(key, value);
        Assert.Equal($"{key} is '{value}'; it must be {wanted}.", Assert.Single(errors));
    }

    [Theory]
    [InlineData("Lookup:BaseUrl", "http://user:secret@[")]
    [InlineData("Store:Keep", "Host=a;Password=secret")]
    public void A_value_of_another_type_is_said_without_what_may_be_a_secret(string key, string value) =>
        Assert.DoesNotContain("secret", Assert.Single(Read(key, value).Errors), StringComparison.Ordinal);

    [Theory]
    [InlineData("Lookup:InFlightMax", " 7 ", "7")]
    [InlineData("Store:Keep", "all", "All")]
    [InlineData("Sweep:Retention", "00:01", "00:01:00")]
    [InlineData("Sweep:Retention", "00:00:01.250", "00:00:01.25")]
    [InlineData("Telemetry:Endpoint", "", "none")]
    [InlineData("Telemetry:Endpoint", "http://user:secret@collector", "http://***@collector/")]
    [InlineData("Journal:Directory", "/var/lib/callback", "/var/lib/callback")]
    public void A_value_is_shown_as_it_would_be_written(string key, string value, string shown)
    {
        (ICheckedOptions options, IReadOnlyList<string> errors) = Read(key, value);
        Assert.Empty(errors);
        Assert.Equal(shown, Setting.Show(options.GetType().GetProperty(key.Split(':')[1])!.GetValue(options)));
    }

    [Fact]
    public void Every_key_says_what_it_must_be() => Assert.All(
        Sections.SelectMany(section => section.Settings), setting => Assert.False(string.IsNullOrWhiteSpace(setting.Wanted), setting.Key));

    static (ICheckedOptions Options, IReadOnlyList<string> Errors) Read(string key, string value)
    {
        IConfiguration configuration = new ConfigurationBuilder().AddInMemoryCollection([new(key, value)]).Build();
        return Sections.Single(section => section.Name == key.Split(':')[0]).Read(configuration);
    }
}

using Callbacks.Telemetry;
using Microsoft.Extensions.Configuration;

namespace Callbacks.Tests.Telemetry;

public sealed class LogSettingsTests
{
    [Theory]
    [InlineData("Logging:LogLevel:Default", "Warn", "Logging:LogLevel:Default is 'Warn'; it must be Trace or Debug or ")]
    [InlineData("Logging:Console:LogLevel:Callbacks.Lookup", "all", "Logging:Console:LogLevel:Callbacks.Lookup is 'all'; it must be Trace or ")]
    [InlineData("Logging:Console:FormatterOptions:SingleLine", "perhaps", "Failed to convert configuration value 'perhaps' at 'Logging:Console:FormatterOptions:SingleLine' to type 'System.Boolean'.")]
    [InlineData("Logging:Console:FormatterOptions:UseUtcTimestamp", "perhaps", "Failed to convert configuration value 'perhaps' at 'Logging:Console:FormatterOptions:UseUtcTimestamp' to type 'System.Boolean'.")]
    [InlineData("Logging:Console:FormatterOptions:TimestampFormat", "%", "Logging:Console:FormatterOptions:TimestampFormat is '%'; it must be a format of .NET")]
    public void A_value_that_the_host_would_end_with_is_refused_before(string key, string value, string error) =>
        Assert.StartsWith(error, Assert.Single(Validate(key, value)), StringComparison.Ordinal);

    [Theory]
    [InlineData("Logging:LogLevel:Default", "warning")]
    [InlineData("Logging:LogLevel:Default", "")]
    [InlineData("Logging:Console:FormatterName", "systemd")]
    [InlineData("Logging:Console:FormatterOptions:SingleLine", "false")]
    [InlineData("Logging:Console:FormatterOptions:TimestampFormat", "HH:mm:ss ")]
    [InlineData("Unrelated", "Warn")]
    public void What_the_host_takes_is_not(string key, string value) => Assert.Empty(Validate(key, value));

    static IEnumerable<string> Validate(string key, string value) =>
        new LogSettings(new ConfigurationBuilder().AddInMemoryCollection([new(key, value)]).Build()).Validate(null, new TelemetryOptions()).Failures ?? [];
}

namespace Callbacks.Configuration;

/// <summary><c>callback config</c>: a line for each key with the value that counts and where it comes from. Secrets are masked.</summary>
static class ConfigCommand
{
    /// <summary>So that the sources stand below each other, unless a value is longer.</summary>
    const int SettingColumns = 56;

    /// <summary>What the telemetry stage leaves open is read from these.</summary>
    const string TelemetryPrefix = "OTEL_";

    /// <param name="addresses">The host's keys that say where to listen.</param>
    public static async Task RunAsync(IConfiguration configuration, IEnumerable<OptionsSection> sections, IEnumerable<string> addresses, TextWriter output)
    {
        foreach (OptionsSection section in sections.OrderBy(section => section.Name, StringComparer.Ordinal))
        {
            ICheckedOptions options = section.Read(configuration).Options;
            foreach (Setting setting in section.Settings)
                await SayAsync(output, setting.Key, options.Mask(setting.Property.Name) ?? Setting.Show(setting.Property.GetValue(options)), KeySource.Of(configuration, setting.Key));
        }

        foreach (string key in addresses.Where(key => configuration[key] is not null))
            await SayAsync(output, key, Setting.Show(configuration[key]), KeySource.Of(configuration, key));

        // Their values may hold tokens (OTEL_EXPORTER_OTLP_HEADERS); that they are set is what surprises.
        foreach (string name in Environment.GetEnvironmentVariables().Keys.Cast<string>().Where(name => name.StartsWith(TelemetryPrefix, StringComparison.Ordinal)).Order(StringComparer.Ordinal))
            await SayAsync(output, name, Secrets.Masked, new KeySource(SourceKind.EnvironmentVariable, $"environment variable {name}"));
    }

    static Task SayAsync(TextWriter output, string key, string value, KeySource source) =>
        output.WriteLineAsync($"{$"{key} = {value}".PadRight(SettingColumns)} ({source.Text})");
}

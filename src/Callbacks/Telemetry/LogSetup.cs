using System.Text.Encodings.Web;
using Microsoft.Extensions.Logging.Console;

namespace Callbacks.Telemetry;

/// <summary>
/// The log goes to the standard output: for people on a terminal, a line of JSON for each event anywhere else.
/// <c>Logging:Console:FormatterName</c> (<c>simple</c>, <c>json</c>, <c>systemd</c>) and the keys below
/// <c>Logging:Console:FormatterOptions</c> overrule that.
/// </summary>
static class LogSetup
{
    const string Section = "Logging:Console";
    const string Options = $"{Section}:FormatterOptions";

    public static void AddLogs(this WebApplicationBuilder builder)
    {
        ConfigurationManager configuration = builder.Configuration;
        string formatter = ChooseFormatter(configuration[$"{Section}:FormatterName"], isTerminal: !Console.IsOutputRedirected);
        // After the builder's own choice, which heeds no key.
        builder.Services.PostConfigure<ConsoleLoggerOptions>(console => console.FormatterName = formatter);
        builder.Services.Configure<SimpleConsoleFormatterOptions>(simple =>
        {
            simple.SingleLine = configuration.GetValue($"{Options}:SingleLine", true);
            simple.TimestampFormat = configuration[$"{Options}:TimestampFormat"] ?? "HH:mm:ss ";
        });
        builder.Services.Configure<JsonConsoleFormatterOptions>(json =>
        {
            json.UseUtcTimestamp = configuration.GetValue($"{Options}:UseUtcTimestamp", true);
            json.TimestampFormat = configuration[$"{Options}:TimestampFormat"] ?? "yyyy-MM-ddTHH:mm:ss.ffffffZ";
            // Never part of a page: what is quoted may stay readable.
            json.JsonWriterOptions = json.JsonWriterOptions with { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping };
        });
    }

    /// <param name="configured">What a key says; null or empty: it's left open.</param>
    public static string ChooseFormatter(string? configured, bool isTerminal) =>
        !string.IsNullOrEmpty(configured) ? configured : isTerminal ? ConsoleFormatterNames.Simple : ConsoleFormatterNames.Json;
}

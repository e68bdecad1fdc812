using System.Globalization;
using System.Reflection;
using Callbacks.Configuration;
using Microsoft.Extensions.Logging.Console;
using Microsoft.Extensions.Options;

namespace Callbacks.Telemetry;

/// <summary>The host's own keys that say what is logged, and how: it would end with a stack trace at a wrong one, or with each line.</summary>
sealed class LogSettings(IConfiguration configuration) : IValidateOptions<TelemetryOptions>
{
    const string Section = "Logging";
    const string Levels = "LogLevel";
    const string Format = "TimestampFormat";

    public ValidateOptionsResult Validate(string? name, TelemetryOptions options)
    {
        IConfigurationSection logging = configuration.GetSection(Section), console = logging.GetSection("Console"), formatter = console.GetSection("FormatterOptions");
        string[] errors =
        [
            .. logging.GetChildren().Select(child => child.Key.Equals(Levels, StringComparison.OrdinalIgnoreCase) ? child : child.GetSection(Levels)).SelectMany(FindLevelErrors),
            .. new[]
            {
                FindTypeError(console, new ConsoleLoggerOptions()), FindTypeError(formatter, new SimpleConsoleFormatterOptions()),
                FindTypeError(formatter, new JsonConsoleFormatterOptions()), FindFormatError(formatter),
            }.OfType<string>().Distinct(StringComparer.Ordinal),
        ];
        return errors.Length == 0 ? ValidateOptionsResult.Success : ValidateOptionsResult.Fail(errors);
    }

    static IEnumerable<string> FindLevelErrors(IConfigurationSection levels) => levels.AsEnumerable()
        .Where(level => !string.IsNullOrEmpty(level.Value) && !Enum.TryParse<LogLevel>(level.Value, ignoreCase: true, out _))
        .Select(level => $"{level.Key} is '{Secrets.Mask(level.Value!)}'; it must be {string.Join(" or ", Enum.GetNames<LogLevel>())}.");

    static string? FindTypeError(IConfigurationSection section, object options)
    {
        try
        {
            section.Bind(options);
            return null;
        }
        catch (Exception exception) when (exception is InvalidOperationException or ArgumentException or TargetInvocationException)
        {
            // The binder's own words name the key, its value and the type.
            return $"{Secrets.Mask((exception as TargetInvocationException)?.InnerException?.Message ?? exception.Message)} Correct it.";
        }
    }

    static string? FindFormatError(IConfigurationSection formatter)
    {
        try
        {
            _ = DateTimeOffset.UnixEpoch.ToString(formatter[Format], CultureInfo.InvariantCulture);
            return null;
        }
        catch (FormatException)
        {
            return $"{formatter.Path}:{Format} is '{Secrets.Mask(formatter[Format]!)}'; it must be a format of .NET for dates and times, like HH:mm:ss.";
        }
    }
}

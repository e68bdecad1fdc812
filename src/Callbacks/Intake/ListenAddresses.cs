using Callbacks.Configuration;
using Microsoft.Extensions.Options;

namespace Callbacks.Intake;

/// <summary>The host's own keys that say where to listen.</summary>
sealed class ListenAddresses(IConfiguration configuration) : IValidateOptions<IntakeOptions>
{
    const string Wanted = "it must be like http://localhost:9090, several with a semicolon between them; TLS belongs to what stands in front";
    const string EndpointsKey = "Kestrel:Endpoints";

    public ValidateOptionsResult Validate(string? name, IntakeOptions options)
    {
        string[] errors = HeldSocket.IsGiven ? [] : [.. Read(configuration).Select(address => FindError(address.Key, address.Value)).OfType<string>()];
        return errors.Length == 0 ? ValidateOptionsResult.Success : ValidateOptionsResult.Fail(errors);
    }

    /// <summary>In Kestrel's order of precedence: its own endpoints, then URLs, then ports of any address.</summary>
    public static IReadOnlyList<(string Key, string Value)> Read(IConfiguration configuration)
    {
        (string Key, string Value)[] endpoints =
            [.. configuration.GetSection(EndpointsKey).GetChildren().Select(endpoint => ($"{endpoint.Path}:Url", endpoint["Url"] ?? ""))];
        if (endpoints.Length > 0)
            return endpoints;
        (string Key, string Value)[] urls = [.. Split(configuration[WebHostDefaults.ServerUrlsKey]).Select(url => (WebHostDefaults.ServerUrlsKey, url))];
        return urls.Length > 0
            ? urls
            :
            [
                .. Split(configuration[WebHostDefaults.HttpPortsKey]).Select(port => (WebHostDefaults.HttpPortsKey, $"http://*:{port}")),
                .. Split(configuration[WebHostDefaults.HttpsPortsKey]).Select(port => (WebHostDefaults.HttpsPortsKey, $"https://*:{port}")),
            ];
    }

    /// <summary>What the server would end with, long after the other values were found good.</summary>
    static string? FindError(string key, string value)
    {
        string error = $"{key} is '{Secrets.Mask(value)}'; {Wanted}.";
        try
        {
            var address = BindingAddress.Parse(value);
            bool isUsable = address.Scheme.Equals("http", StringComparison.OrdinalIgnoreCase) && address.PathBase.Length == 0
                && (address.IsUnixPipe || address.Port is >= 0 and <= ushort.MaxValue);
            if (isUsable && address.Port == 0 && !address.IsUnixPipe && address.Host.Equals("localhost", StringComparison.OrdinalIgnoreCase))
                return $"{key} is '{value}'; with localhost, which is two addresses, it must name the port: 1 to 65,535.";
            return isUsable ? null : error;
        }
        catch (Exception exception) when (exception is FormatException or InvalidOperationException)
        {
            return error;
        }
    }

    static string[] Split(string? list) => list?.Split(';', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries) ?? [];
}

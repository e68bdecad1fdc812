using Microsoft.Extensions.Configuration.CommandLine;
using Microsoft.Extensions.Configuration.EnvironmentVariables;
using Microsoft.Extensions.Configuration.Json;

namespace Callbacks.Configuration;

enum SourceKind
{
    Default,
    File,
    EnvironmentVariable,
    Flag,
}

/// <summary>Where the value of a key comes from.</summary>
readonly record struct KeySource(SourceKind Kind, string Text)
{
    static readonly KeySource Default = new(SourceKind.Default, "default");

    /// <summary>Beside none, those that the host takes off.</summary>
    static readonly string[] Prefixes = ["", "ASPNETCORE_", "DOTNET_"];

    public static KeySource Of(IConfiguration configuration, string key) =>
        configuration is IConfigurationRoot root ? Find(root, key) ?? Default : Default;

    /// <summary>The last provider that has the key is the one that counts.</summary>
    static KeySource? Find(IConfigurationRoot configuration, string key)
    {
        foreach (IConfigurationProvider provider in configuration.Providers.Reverse())
        {
            KeySource? found = provider switch
            {
                ChainedConfigurationProvider { Configuration: IConfigurationRoot inner } => Find(inner, key),
                _ when !provider.TryGet(key, out _) => null,
                JsonConfigurationProvider json => new(SourceKind.File, json.Source.Path ?? "a file"),
                EnvironmentVariablesConfigurationProvider => new(SourceKind.EnvironmentVariable, $"environment variable {VariableOf(key)}"),
                CommandLineConfigurationProvider => new(SourceKind.Flag, "flag"),
                _ => Default,
            };
            if (found is not null)
                return found;
        }

        return null;
    }

    static string VariableOf(string key)
    {
        foreach (string name in Environment.GetEnvironmentVariables().Keys.Cast<string>().Order(StringComparer.Ordinal))
        {
            string asKey = name.Replace("__", ":", StringComparison.Ordinal);
            if (Prefixes.Any(prefix => asKey.Equals(prefix + key, StringComparison.OrdinalIgnoreCase)))
                return name;
        }

        return key.Replace(":", "__", StringComparison.Ordinal);
    }
}

using System.Reflection;
using Callbacks.Configuration;
using Callbacks.Local;

namespace Callbacks.Tests.Deploy;

/// <summary>Which variables of an environment the service, or what it is built on, reads.</summary>
static class ConfigurationKeys
{
    static readonly HashSet<string> OfThePlatform = new(["ASPNETCORE_URLS", "ASPNETCORE_HTTP_PORTS", "DOTNET_EnableDiagnostics", ServiceRuntime.Gen1MaxBudgetName], StringComparer.Ordinal);

    static readonly HashSet<string> Ours =
    [
        .. from type in typeof(ICheckedOptions).Assembly.GetTypes()
           where type.IsClass && type.IsAssignableTo(typeof(ICheckedOptions))
           from property in type.GetProperties().Where(property => property.CanWrite)
           select $"{type.GetField("Section", BindingFlags.Public | BindingFlags.Static)!.GetRawConstantValue()}__{property.Name}",
    ];

    /// <summary>A misspelt one would be passed over in silence.</summary>
    public static IEnumerable<string> FindUnknown(IEnumerable<string> names)
    {
        string[] all = [.. names];
        Assert.Contains(all, Ours.Contains);
        return all.Where(name => !Ours.Contains(name) && !OfThePlatform.Contains(name));
    }
}

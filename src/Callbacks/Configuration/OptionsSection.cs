using System.Reflection;

namespace Callbacks.Configuration;

/// <summary>A section of the configuration, and the class that says what may stand in it.</summary>
sealed record OptionsSection(string Name, Type Type)
{
    /// <summary>In alphabetical order.</summary>
    public IReadOnlyList<Setting> Settings { get; } =
    [
        .. Type.GetProperties(BindingFlags.Public | BindingFlags.Instance).Where(property => property.CanWrite)
            .OrderBy(property => property.Name, StringComparer.Ordinal).Select(property => new Setting(Name, property)),
    ];

    /// <summary>The options as configured. What is of another type than its key's keeps its default, and is told.</summary>
    public (ICheckedOptions Options, IReadOnlyList<string> Errors) Read(IConfiguration configuration)
    {
        var options = (ICheckedOptions)Activator.CreateInstance(Type)!;
        return (options, Bind(configuration, options));
    }

    /// <inheritdoc cref="Read"/>
    public IReadOnlyList<string> Bind(IConfiguration configuration, object options)
    {
        var errors = new List<string>();
        foreach (Setting setting in Settings)
        {
            if (configuration[setting.Key] is { } text && !setting.TrySet(options, text))
                errors.Add(setting.RefuseType(text));
        }

        return errors;
    }
}

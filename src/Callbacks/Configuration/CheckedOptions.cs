using Microsoft.Extensions.Options;

namespace Callbacks.Configuration;

/// <summary>A stage's options, which know what values they can work with.</summary>
interface ICheckedOptions
{
    /// <summary>One sentence for each value that can't be used: the key, the value, the allowed range. None repeats a secret.</summary>
    IEnumerable<string> FindErrors();

    /// <summary>What may be shown of a value that may hold a secret which <see cref="Secrets"/> doesn't know; null: it holds none.</summary>
    string? Mask(string property) => null;
}

static class CheckedOptions
{
    /// <summary>Binds a section, and refuses the start with all its errors at once.</summary>
    public static void AddCheckedOptions<T>(this IServiceCollection services, string name)
        where T : class, ICheckedOptions
    {
        var section = new OptionsSection(name, typeof(T));
        services.AddSingleton(section);
        // Not by the framework's binder: it ends at the first value of a wrong type, and its message names a type of .NET and no range.
        services.AddOptions<T>().Configure<IConfiguration>((options, configuration) => section.Bind(configuration, options)).ValidateOnStart();
        services.AddSingleton<IValidateOptions<T>>(provider => new Validation<T>(section, provider.GetRequiredService<IConfiguration>()));
        services.AddSingleton(provider => provider.GetRequiredService<IOptions<T>>().Value);
    }

    /// <summary>Adds what has to hold between a stage's options and another's: an error, or null.</summary>
    public static void AddRelation<T, TOther>(this IServiceCollection services, Func<T, TOther, string?> findError)
        where T : class, ICheckedOptions
        where TOther : class, ICheckedOptions =>
        services.AddSingleton<IValidateOptions<T>>(provider => new Relation<T, TOther>(provider, findError));

    /// <summary>The sentence about a value out of range.</summary>
    public static string Refuse(this ICheckedOptions options, string section, string property, object? value) =>
        new Setting(section, options.GetType().GetProperty(property)!).Refuse(value);

    static ValidateOptionsResult Result(IReadOnlyList<string> errors) => errors.Count == 0 ? ValidateOptionsResult.Success : ValidateOptionsResult.Fail(errors);

    sealed class Validation<T>(OptionsSection section, IConfiguration configuration) : IValidateOptions<T>
        where T : class, ICheckedOptions
    {
        public ValidateOptionsResult Validate(string? name, T options) => Result([.. section.Read(configuration).Errors, .. options.FindErrors()]);
    }

    /// <summary>Judges only values that are good by themselves, lest one mistake be told twice.</summary>
    sealed class Relation<T, TOther>(IServiceProvider provider, Func<T, TOther, string?> findError) : IValidateOptions<T>
        where T : class, ICheckedOptions
        where TOther : class, ICheckedOptions
    {
        public ValidateOptionsResult Validate(string? name, T options)
        {
            // Read anew: asking for the other options by themselves would throw their errors, and might ask for these again.
            OptionsSection? section = provider.GetServices<OptionsSection>().FirstOrDefault(section => section.Type == typeof(TOther));
            if (section?.Read(provider.GetRequiredService<IConfiguration>()) is not (TOther other, { Count: 0 }) || other.FindErrors().Any() || options.FindErrors().Any())
                return ValidateOptionsResult.Skip;
            return findError(options, other) is { } error ? Result([error]) : ValidateOptionsResult.Success;
        }
    }
}

using Microsoft.Extensions.Options;

namespace Callbacks.Configuration;

/// <summary>A stage's options, which know what values they can work with.</summary>
interface ICheckedOptions
{
    /// <summary>One sentence for each value that can't be used: the key, the value, the allowed range. None repeats a secret.</summary>
    IEnumerable<string> FindErrors();
}

static class CheckedOptions
{
    /// <summary>Binds a section, and refuses the start with all its errors at once.</summary>
    public static void AddCheckedOptions<T>(this IServiceCollection services, string section)
        where T : class, ICheckedOptions
    {
        services.AddOptions<T>().Configure<IConfiguration>((options, configuration) => Bind(configuration.GetSection(section), options)).ValidateOnStart();
        services.AddSingleton<IValidateOptions<T>, Validation<T>>();
        services.AddSingleton(provider => provider.GetRequiredService<IOptions<T>>().Value);
    }

    static void Bind<T>(IConfigurationSection section, T options)
    {
        try
        {
            section.Bind(options);
        }
        catch (InvalidOperationException exception)
        {
            // A word where a number belongs, say. The message names the key and the value.
            throw new OptionsValidationException("", typeof(T), [exception.Message]);
        }
    }

    sealed class Validation<T> : IValidateOptions<T>
        where T : class, ICheckedOptions
    {
        public ValidateOptionsResult Validate(string? name, T options)
        {
            List<string> errors = [.. options.FindErrors()];
            return errors.Count == 0 ? ValidateOptionsResult.Success : ValidateOptionsResult.Fail(errors);
        }
    }
}

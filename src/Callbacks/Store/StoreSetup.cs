using Microsoft.Extensions.Options;

namespace Callbacks.Store;

static class StoreSetup
{
    /// <summary>Needs <see cref="IObjectSource"/>, <see cref="Time.ServiceTime"/> and <see cref="TimeProvider"/> from elsewhere.</summary>
    public static WebApplicationBuilder AddStore(this WebApplicationBuilder builder)
    {
        builder.Services.AddOptions<StoreOptions>().BindConfiguration(StoreOptions.Section).ValidateOnStart();
        builder.Services.AddSingleton<IValidateOptions<StoreOptions>, Validation>();
        builder.Services.AddSingleton<StoreConnections>();
        builder.Services.AddSingleton<Migrator>();
        builder.Services.AddSingleton<CommitSignal>();
        builder.Services.AddSingleton<StoreState>();
        builder.Services.AddSingleton<ObjectReader>();
        builder.Services.AddHostedService<ObjectWriter>();
        return builder;
    }

    sealed class Validation : IValidateOptions<StoreOptions>
    {
        public ValidateOptionsResult Validate(string? name, StoreOptions options)
        {
            List<string> errors = [.. options.FindErrors()];
            return errors.Count == 0 ? ValidateOptionsResult.Success : ValidateOptionsResult.Fail(errors);
        }
    }
}

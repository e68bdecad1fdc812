using Microsoft.Extensions.Options;

namespace Callbacks.Sweep;

static class SweepSetup
{
    /// <summary>Needs the store, <see cref="Journal.ICoverage"/>, <see cref="Time.ServiceTime"/> and <see cref="TimeProvider"/> from elsewhere.</summary>
    public static WebApplicationBuilder AddSweep(this WebApplicationBuilder builder)
    {
        builder.Services.AddOptions<SweepOptions>().BindConfiguration(SweepOptions.Section).ValidateOnStart();
        builder.Services.AddSingleton<IValidateOptions<SweepOptions>, Validation>();
        builder.Services.AddSingleton<SweepState>();
        builder.Services.AddHostedService<ObjectSweeper>();
        return builder;
    }

    sealed class Validation : IValidateOptions<SweepOptions>
    {
        public ValidateOptionsResult Validate(string? name, SweepOptions options)
        {
            List<string> errors = [.. options.FindErrors()];
            return errors.Count == 0 ? ValidateOptionsResult.Success : ValidateOptionsResult.Fail(errors);
        }
    }
}

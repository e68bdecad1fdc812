using Callbacks.Configuration;
using Callbacks.Telemetry;

namespace Callbacks.Sweep;

static class SweepSetup
{
    /// <summary>Needs the store, <see cref="Journal.ICoverage"/>, <see cref="Time.ServiceTime"/> and <see cref="TimeProvider"/> from elsewhere.</summary>
    public static WebApplicationBuilder AddSweep(this WebApplicationBuilder builder)
    {
        builder.Services.AddCheckedOptions<SweepOptions>(SweepOptions.Section);
        builder.Services.AddSingleton<SweepState>();
        builder.Services.AddSingleton<IInstruments, SweepInstruments>();
        builder.Services.AddHostedService<ObjectSweeper>();
        return builder;
    }
}

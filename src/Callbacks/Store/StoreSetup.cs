using Callbacks.Configuration;
using Callbacks.Telemetry;

namespace Callbacks.Store;

static class StoreSetup
{
    /// <summary>Needs <see cref="IObjectSource"/>, <see cref="Time.ServiceTime"/> and <see cref="TimeProvider"/> from elsewhere.</summary>
    public static WebApplicationBuilder AddStore(this WebApplicationBuilder builder)
    {
        builder.Services.AddCheckedOptions<StoreOptions>(StoreOptions.Section);
        builder.Services.AddSingleton<StoreConnections>();
        builder.Services.AddSingleton<Migrator>();
        builder.Services.AddSingleton<CommitSignal>();
        builder.Services.AddSingleton<StoreState>();
        builder.Services.AddSingleton<IInstruments, StoreInstruments>();
        builder.Services.AddSingleton<ObjectReader>();
        builder.Services.AddSingleton<ICheck, StoreCheck>();
        builder.Services.AddHostedService<ObjectWriter>();
        return builder;
    }
}

using Callbacks.Configuration;
using Callbacks.Journal.Pending;
using Callbacks.Store;
using Callbacks.Telemetry;

namespace Callbacks.Lookup;

/// <summary>Where the lookup stage is put together.</summary>
static class LookupSetup
{
    public static void AddLookup(this WebApplicationBuilder builder)
    {
        IServiceCollection services = builder.Services;
        services.AddCheckedOptions<LookupOptions>(LookupOptions.Section);
        services.AddSingleton<Upstream>();
        services.AddSingleton<Lookups>();
        services.AddSingleton<IObjectSource, AnsweredObjects>();
        services.AddTransient<Random>();
        services.AddSingleton<IInstruments, LookupInstruments>();
        services.AddSingleton<ICheck, LookupCheck>();
        services.AddHostedService<LookupService>();
        services.AddHostedService<ConnectionRemains>();
    }

    sealed class LookupService(Lookups lookups, PendingTable table) : BackgroundService
    {
        protected override async Task ExecuteAsync(CancellationToken stoppingToken)
        {
            try
            {
                while (true)
                {
                    TimeSpan wait = lookups.RunOnce();
                    await table.LookupsWaiting.WaitAsync(wait, stoppingToken);
                }
            }
            catch (OperationCanceledException) when (stoppingToken.IsCancellationRequested)
            {
                await lookups.StopAsync();
            }
        }
    }
}

using Callbacks.Journal.Pending;
using Callbacks.Store;
using Microsoft.Extensions.Options;

namespace Callbacks.Lookup;

/// <summary>Where the lookup stage is put together.</summary>
static class LookupSetup
{
    public static void AddLookup(this WebApplicationBuilder builder)
    {
        IServiceCollection services = builder.Services;
        services.AddOptions<LookupOptions>().BindConfiguration(LookupOptions.Section).ValidateDataAnnotations().ValidateOnStart();
        services.AddSingleton(provider => provider.GetRequiredService<IOptions<LookupOptions>>().Value);
        services.AddSingleton<Upstream>();
        services.AddSingleton<Lookups>();
        services.AddSingleton<IObjectSource, AnsweredObjects>();
        services.AddTransient<Random>();
        services.AddHostedService<LookupService>();
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

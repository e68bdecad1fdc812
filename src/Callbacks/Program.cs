using Callbacks;
using Callbacks.Intake;
using Callbacks.Journal;
using Callbacks.Journal.Pending;
using Callbacks.Journal.Tools;
using Callbacks.Lookup;
using Callbacks.Store;
using Callbacks.Sweep;
using Callbacks.Telemetry;
using Callbacks.Time;
using Callbacks.View;
using Microsoft.Extensions.Options;

if (args is ["journal", .. string[] tool])
    return await JournalTools.RunAsync(tool, new IntakeOptions().IdsMax);

// The settings file lies beside the program; the working folder is the user's own business.
WebApplicationBuilder builder = WebApplication.CreateSlimBuilder(new WebApplicationOptions { Args = args, ContentRootPath = AppContext.BaseDirectory });

builder.Services.AddSingleton(TimeProvider.System);
builder.Services.AddSingleton<ServiceTime>();
builder.AddTelemetry();

// In the order in which a callback passes them. What one stage needs of another that it does not import is handed over here.
builder.AddJournal(Retention, provider => Options<StoreOptions>(provider).Keep == Keep.All);
builder.AddStore();
builder.AddLookup();
builder.AddSweep();
builder.AddView(LookupView, SweepView);
builder.AddIntake();
builder.AddStart();

return await builder.RunToTheEndAsync(app =>
{
    app.MapIntake();
    app.MapView();
});

static T Options<T>(IServiceProvider provider)
    where T : class => provider.GetRequiredService<IOptions<T>>().Value;

static TimeSpan Retention(IServiceProvider provider) => Options<SweepOptions>(provider).Retention;

static LookupView LookupView(IServiceProvider provider)
{
    LookupStatus status = provider.GetRequiredService<Lookups>().Status();
    PendingTableStatus ids = provider.GetRequiredService<PendingTable>().Status(provider.GetRequiredService<ServiceTime>().Now);
    return new LookupView(
        status.IsUpstreamAway ? "away" : "up", status.InFlight, status.InFlightLimit, status.InFlightMax, status.Attempts, status.Answers, status.Failures,
        new WindowView(ids.Ids, ids.Waiting, ids.Backoff, ids.Answered, ids.ToStore, ids.IsOverloaded));
}

static SweepView SweepView(IServiceProvider provider)
{
    SweepHealth health = provider.GetRequiredService<SweepState>().Health;
    return new SweepView(
        health.IsUp ? "up" : "away", health.Error, health.RowsSwept, health.RowsHeld, health.LastLateness.TotalSeconds, health.MaxLateness.TotalSeconds,
        Retention(provider).TotalSeconds);
}

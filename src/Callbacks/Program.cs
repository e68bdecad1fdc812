using Callbacks;
using Callbacks.Intake;
using Callbacks.Journal;
using Callbacks.Journal.Pending;
using Callbacks.Journal.Tools;
using Callbacks.Lookup;
using Callbacks.Problems;
using Callbacks.Store;
using Callbacks.Sweep;
using Callbacks.Telemetry;
using Callbacks.Time;
using Callbacks.View;
using Microsoft.Extensions.Options;

// What is asked beside a running service; what a service needs is loaded by it alone.
if (args is ["ready", .. var address])
    return await ReadyProbe.RunAsync(address is [var given] ? given : IntakeSetup.DefaultUrl);
if (args is ["journal", .. string[] tool])
    return await JournalTools.RunAsync(tool, new IntakeOptions().IdsMax);

if (Start.CreateBuilder(args) is not { } builder)
    return Start.ExitConfiguration;

builder.AddLogs();
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
    app.UseProblems();
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
        status.State, status.Silence?.TotalSeconds, status.InFlight, status.InFlightLimit, status.InFlightMax, status.Attempts, status.Answers, status.Failures,
        new WindowView(ids.Ids, ids.Waiting, ids.Backoff, ids.Answered, ids.ToStore, ids.IsOverloaded));
}

static SweepView SweepView(IServiceProvider provider)
{
    SweepHealth health = provider.GetRequiredService<SweepState>().Health;
    return new SweepView(
        health.IsUp ? "up" : "away", health.Error, health.RowsSwept, health.RowsHeld, health.LastLateness.TotalSeconds, health.MaxLateness.TotalSeconds,
        Retention(provider).TotalSeconds);
}

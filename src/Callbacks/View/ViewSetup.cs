using Callbacks.Journal;
using Callbacks.Store;
using Callbacks.Telemetry;
using Callbacks.Time;
using Callbacks.View.Dashboard;
using Callbacks.View.Metrics;

namespace Callbacks.View;

/// <summary>Where the view stage is put together.</summary>
static class ViewSetup
{
    /// <param name="lookup">What Lookup says of itself, which this stage does not import.</param>
    /// <param name="sweep">The same for Sweep.</param>
    public static void AddView(this WebApplicationBuilder builder, Func<IServiceProvider, LookupView> lookup, Func<IServiceProvider, SweepView> sweep)
    {
        IServiceCollection services = builder.Services;
        services.AddSingleton(provider => new History(
            provider.GetRequiredService<Balance>(), provider.GetRequiredService<CallbackJournal>(), provider.GetRequiredService<StoreState>(),
            provider.GetRequiredService<MetricReadings>(), provider.GetRequiredService<ServiceTime>(), provider.GetRequiredService<TimeProvider>(),
            () => lookup(provider), () => sweep(provider), provider.GetRequiredService<ILogger<History>>()));
        services.AddHostedService(provider => provider.GetRequiredService<History>());
        services.AddSingleton<OnlineCount>();
        services.AddSingleton<LiveEvents>();
        services.AddSingleton(provider => new StatusReport(
            provider.GetRequiredService<CallbackJournal>(), provider.GetRequiredService<Balance>(),
            provider.GetRequiredService<StoreState>(), provider.GetRequiredService<ServiceTime>(), provider.GetRequiredService<History>(),
            () => lookup(provider), () => sweep(provider)));
    }

    public static void MapView(this WebApplication app)
    {
        app.MapDashboard();
        app.MapObjects();
        app.MapGet("/status", (StatusReport report) => Results.Json(report.Read(), StatusJson.Default.StatusView));
        app.MapGet("/metrics", (MetricReadings metrics) => Results.Text(PrometheusText.Write(metrics.Read()), PrometheusText.ContentType));
        app.MapGet("/livez", () => Results.Json(new HealthView("alive", []), StatusJson.Default.HealthView));
        app.MapGet("/readyz", (StatusReport report) =>
        {
            (bool isReady, HealthView view) = report.ReadReadiness();
            return Results.Json(view, StatusJson.Default.HealthView, statusCode: isReady ? StatusCodes.Status200OK : StatusCodes.Status503ServiceUnavailable);
        });
    }
}

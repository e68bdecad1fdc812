using Callbacks.Journal;
using Callbacks.Problems;
using Callbacks.Store;
using Callbacks.Telemetry;
using Callbacks.Time;
using Callbacks.View.Dashboard;
using Callbacks.View.Metrics;
using Callbacks.View.OpenApi;

namespace Callbacks.View;

/// <summary>Where the view stage is put together.</summary>
static class ViewSetup
{
    const string Tag = "Service";

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
        services.AddApiDocument();
        services.AddSingleton(provider => new StatusReport(
            provider.GetRequiredService<CallbackJournal>(), provider.GetRequiredService<Balance>(),
            provider.GetRequiredService<StoreState>(), provider.GetRequiredService<ServiceTime>(), provider.GetRequiredService<History>(),
            () => lookup(provider), () => sweep(provider)));
    }

    public static void MapView(this WebApplication app)
    {
        app.MapDashboard();
        app.MapObjects();
        app.MapGet("/status", (StatusReport report) => Results.Json(report.Read(), StatusJson.Default.StatusView))
            .WithTags(Tag)
            .WithName("getStatus")
            .WithSummary("The balance of everything accepted, and the state of each part.")
            .Answers<StatusView>("`state` is `ok`, `degraded`, `recovering` or `refusing`; `reasons` has a sentence for each thing that is not as it should be.");
        app.MapGet("/metrics", (MetricReadings metrics) => Results.Text(PrometheusText.Write(metrics.Read()), PrometheusText.ContentType))
            .WithTags(Tag)
            .WithName("getMetrics")
            .WithSummary("Figures for Prometheus.")
            .Answers<string>("Prometheus' text format.", "text/plain");
        app.MapGet("/livez", () => Results.Json(new HealthView("alive", []), StatusJson.Default.HealthView))
            .WithTags(Tag)
            .WithName("getLiveness")
            .WithSummary("Answers as long as the process does.")
            .Answers<HealthView>("It is alive.");
        app.MapGet("/readyz", ReadReadiness)
            .WithTags(Tag)
            .WithName("getReadiness")
            .WithSummary("Ready means that callbacks are accepted.")
            .Answers<HealthView>("Callbacks are accepted. `reasons` names what is degraded.")
            .Refuses(StatusCodes.Status503ServiceUnavailable, ProblemType.NotReady);
        app.MapApiDocument();
    }

    static IResult ReadReadiness(StatusReport report) => report.ReadReadiness(out IReadOnlyList<string> reasons) is { } view
        ? Results.Json(view, StatusJson.Default.HealthView)
        : new Problem(ProblemType.NotReady, "Callbacks are not accepted.", StatusCodes.Status503ServiceUnavailable, string.Join(' ', reasons), reasons) { RetryAfterSeconds = 1 };
}

using System.Net;
using System.Net.Http.Json;
using System.Text.Json;
using Callbacks.Intake;
using Callbacks.Journal;
using Callbacks.Journal.Disk;
using Callbacks.Journal.Pending;
using Callbacks.Lookup;
using Callbacks.Store;
using Callbacks.Sweep;
using Callbacks.Telemetry;
using Callbacks.Tests.Support;
using Callbacks.Time;
using Callbacks.View;
using Microsoft.AspNetCore.Builder;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;

namespace Callbacks.Tests.View;

/// <summary>All stages as the program puts them together, on a disk, an upstream and a database of the test's choice.</summary>
sealed class StatusRig : IAsyncDisposable
{
    readonly WebApplication _app;

    StatusRig(WebApplication app)
    {
        _app = app;
        Client = new HttpClient { BaseAddress = new Uri(app.Urls.Single()) };
    }

    public static async Task<StatusRig> StartAsync(IJournalDisk disk, Uri upstream, string connectionString, params string[] settings)
    {
        WebApplicationBuilder builder = WebApplication.CreateSlimBuilder(
            ["--urls", "http://127.0.0.1:0", "--Journal:SegmentBytes=65536", "--Intake:IdsMax=5000", $"--Lookup:BaseUrl={upstream}", $"--Store:ConnectionString={connectionString}", .. settings]);
        builder.Logging.ClearProviders();
        TimeSpan retention = TimeSpan.FromSeconds(30);
        builder.Services.AddSingleton(TimeProvider.System);
        builder.Services.AddSingleton<ServiceTime>();
        builder.AddTelemetry();
        builder.AddJournal(_ => retention, _ => false);
        builder.Services.AddSingleton(provider => new CallbackJournal(
            provider.GetRequiredService<JournalOptions>(), () => disk, provider.GetRequiredService<PendingTable>(), provider.GetRequiredService<Balance>(),
            provider.GetRequiredService<ServiceTime>(), TimeProvider.System, retention, provider.GetRequiredService<ILoggerFactory>(), () => 1));
        builder.AddStore();
        builder.AddLookup();
        builder.AddSweep();
        builder.AddView(Lookup, _ => new SweepView("up", null, 0, 0, 0, 0, retention.TotalSeconds));
        builder.AddIntake();
        WebApplication app = builder.Build();
        app.MapIntake();
        app.MapView();
        await app.StartAsync();
        return new StatusRig(app);
    }

    public async Task<HttpStatusCode> PostAsync(params long[] ids)
    {
        using HttpResponseMessage response = await Client.PostAsJsonAsync("/callback", new { object_ids = ids });
        return response.StatusCode;
    }

    public async Task<(HttpStatusCode Code, JsonElement Body)> GetAsync(string path)
    {
        using HttpResponseMessage response = await Client.GetAsync(path);
        Assert.Equal("application/json", response.Content.Headers.ContentType!.MediaType);
        using var body = JsonDocument.Parse(await response.Content.ReadAsStringAsync());
        return (response.StatusCode, body.RootElement.Clone());
    }

    public HttpClient Client { get; }

    /// <summary>The lines of <c>/metrics</c>.</summary>
    public async Task<string[]> MetricsAsync()
    {
        using HttpResponseMessage response = await Client.GetAsync("/metrics");
        Assert.Equal("text/plain; version=0.0.4; charset=utf-8", response.Content.Headers.ContentType!.ToString());
        return (await response.Content.ReadAsStringAsync()).Split('\n');
    }

    public async Task<JsonElement> StatusAsync()
    {
        (HttpStatusCode code, JsonElement body) = await GetAsync("/status");
        Assert.Equal(HttpStatusCode.OK, code);
        return body;
    }

    public async Task<JsonElement> UntilAsync(Func<JsonElement, bool> condition, string what)
    {
        JsonElement status = default;
        await Wait.UntilAsync(async () => condition(status = await StatusAsync()), what);
        return status;
    }

    public async ValueTask DisposeAsync()
    {
        Client.Dispose();
        await _app.StopAsync();
        await _app.DisposeAsync();
    }

    static LookupView Lookup(IServiceProvider provider)
    {
        LookupStatus status = provider.GetRequiredService<Lookups>().Status();
        return new LookupView(
            status.State, status.Silence?.TotalSeconds, status.InFlight, status.InFlightLimit, status.InFlightMax, status.Attempts, status.Answers, status.Failures,
            new WindowView(0, 0, 0, 0, 0, IsOverloaded: false));
    }
}

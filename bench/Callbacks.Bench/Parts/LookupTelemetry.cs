using Callbacks.Bench.Framework;
using Callbacks.Lookup;
using Callbacks.Telemetry;
using Callbacks.View;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;

namespace Callbacks.Bench.Parts;

/// <summary>The service's own telemetry with the instruments of the Lookup stage, read once a second as the dashboard's history does.</summary>
sealed class LookupTelemetry : IAsyncDisposable
{
    readonly WebApplication _host;
    readonly MetricReadings _metrics;
    readonly CancellationTokenSource _end = new();
    readonly Task _reading;

    LookupTelemetry(WebApplication host)
    {
        _host = host;
        _metrics = host.Services.GetRequiredService<MetricReadings>();
        _reading = ReadAsync();
    }

    /// <summary>So many the metrics speak of.</summary>
    public long Lookups => Distributions.Read(_metrics.Read()).Lookup?.Count ?? 0;

    public static async Task<LookupTelemetry> StartAsync(Lookups lookups, CancellationToken stop)
    {
        WebApplicationBuilder builder = WebApplication.CreateSlimBuilder();
        builder.WebHost.UseUrls("http://127.0.0.1:0");
        builder.Logging.ClearProviders();
        builder.AddTelemetry();
        builder.Services.AddSingleton<IInstruments>(services => new LookupInstruments(services.GetRequiredService<CallbackMeter>(), lookups));
        WebApplication host = builder.Build();
        await host.StartAsync(stop);
        return new LookupTelemetry(host);
    }

    public async ValueTask DisposeAsync()
    {
        await _end.CancelAsync();
        await _reading;
        await _host.DisposeAsync();
        _end.Dispose();
    }

    async Task ReadAsync()
    {
        using var timer = new PeriodicTimer(TimeSpan.FromSeconds(1), BenchContext.Time);
        try
        {
            while (await timer.WaitForNextTickAsync(_end.Token))
                _ = Distributions.Read(_metrics.Read());
        }
        catch (OperationCanceledException)
        {
            // The side is over.
        }
    }
}

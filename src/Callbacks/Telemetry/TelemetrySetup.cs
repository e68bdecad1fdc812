using System.Diagnostics.Metrics;
using Callbacks.Configuration;
using Microsoft.Extensions.Options;
using OpenTelemetry;
using OpenTelemetry.Metrics;
using OpenTelemetry.Resources;
using OpenTelemetry.Trace;

namespace Callbacks.Telemetry;

/// <summary>
/// Where metrics and traces are put together. Metrics are always there to be read (<see cref="MetricReadings"/>); with an endpoint they
/// are also sent by OTLP, and so are the spans of ASP.NET Core, HttpClient and Npgsql, which nobody makes otherwise.
/// </summary>
static class TelemetrySetup
{
    /// <summary>Before the stages, so that their instruments are there when they start, and the last figures are sent when they have stopped.</summary>
    public static void AddTelemetry(this WebApplicationBuilder builder)
    {
        IServiceCollection services = builder.Services;
        services.AddCheckedOptions<TelemetryOptions>(TelemetryOptions.Section);
        services.AddSingleton<IValidateOptions<TelemetryOptions>, LogSettings>();
        services.AddSingleton<CallbackMeter>();
        services.AddSingleton<MetricReadings>();
        services.AddSingleton<ICheck, TelemetryCheck>();
        services.AddHostedService<Providers>();
    }

    sealed class Providers(IServiceProvider services, TelemetryOptions options, IMeterFactory meters, MetricReadings readings) : IHostedService, IDisposable
    {
        // A collector that doesn't answer must not hold up a stop.
        const int LastWordMilliseconds = 500;

        const string RuntimeMeter = "System.Runtime";

        /// <summary>What tells a process in trouble from one that is not; some of the others have names that Prometheus frowns at.</summary>
        static readonly string[] OfTheRuntime =
        [
            "dotnet.process.cpu.time", "dotnet.process.memory.working_set", "dotnet.gc.collections", "dotnet.gc.pause.time", "dotnet.gc.heap.total_allocated",
            "dotnet.exceptions",
        ];

        MeterProvider? _metrics;
        TracerProvider? _traces;

        public Task StartAsync(CancellationToken cancellationToken)
        {
            _ = services.GetServices<IInstruments>().Count();
            MeterProviderBuilder metrics = Sdk.CreateMeterProviderBuilder()
                .SetResourceBuilder(Resource())
                .AddMeter(CallbackMeter.Name, RuntimeMeter)
                .AddView(instrument => IsWanted(instrument) ? null : MetricStreamConfiguration.Drop)
                .AddReader(readings.Reader);
            if (options.IsSent)
            {
                metrics.AddOtlpExporter(exporter => options.Configure(exporter, "v1/metrics"));
                _traces = Sdk.CreateTracerProviderBuilder()
                    .SetResourceBuilder(Resource())
                    .AddSource("Microsoft.AspNetCore", "System.Net.Http", "Npgsql")
                    .AddOtlpExporter(exporter => options.Configure(exporter, "v1/traces"))
                    .Build();
            }

            _metrics = metrics.Build();
            return Task.CompletedTask;
        }

        public Task StopAsync(CancellationToken cancellationToken)
        {
            _traces?.Shutdown(LastWordMilliseconds);
            _metrics?.Shutdown(LastWordMilliseconds);
            return Task.CompletedTask;
        }

        public void Dispose()
        {
            _traces?.Dispose();
            _metrics?.Dispose();
        }

        /// <summary>There may be more than one service in a process: in tests.</summary>
        bool IsWanted(Instrument instrument) => instrument.Meter.Name == RuntimeMeter
            ? OfTheRuntime.Contains(instrument.Name, StringComparer.Ordinal)
            : instrument.Meter.Scope == meters;

        /// <summary>Of OTEL_SERVICE_NAME and OTEL_RESOURCE_ATTRIBUTES, if they are set.</summary>
        static ResourceBuilder Resource() =>
            ResourceBuilder.CreateEmpty().AddService("callback", serviceVersion: CallbackMeter.Version).AddTelemetrySdk().AddEnvironmentVariableDetector();
    }
}

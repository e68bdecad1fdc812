using Callbacks.Configuration;
using OpenTelemetry.Exporter;

namespace Callbacks.Telemetry;

/// <summary>Section <c>Telemetry</c>. What it leaves open is read from OpenTelemetry's own environment variables.</summary>
sealed class TelemetryOptions : ICheckedOptions
{
    public const string Section = "Telemetry";

    static readonly string[] Variables = ["OTEL_EXPORTER_OTLP_ENDPOINT", "OTEL_EXPORTER_OTLP_METRICS_ENDPOINT", "OTEL_EXPORTER_OTLP_TRACES_ENDPOINT"];

    /// <summary>Where metrics and traces are sent by OTLP; null: where the environment says, or nowhere.</summary>
    [Allowed("an absolute http or https URL")]
    public Uri? Endpoint { get; set; }

    /// <summary>Of <see cref="Endpoint"/>.</summary>
    public OtlpExportProtocol Protocol { get; set; } = OtlpExportProtocol.Grpc;

    /// <summary>Nothing is traced, and nothing is sent, without an endpoint.</summary>
    public bool IsSent => Endpoint is not null || Variables.Any(variable => !string.IsNullOrEmpty(Environment.GetEnvironmentVariable(variable)));

    /// <summary>Where it is sent to, whichever of them says so.</summary>
    public IEnumerable<string> Targets => Endpoint is not null
        ? [Endpoint.OriginalString]
        : Variables.Select(Environment.GetEnvironmentVariable).OfType<string>().Where(value => value.Length > 0).Distinct(StringComparer.Ordinal);

    /// <param name="path">Of metrics or traces, below the endpoint, where the protocol has one.</param>
    public void Configure(OtlpExporterOptions exporter, string path)
    {
        if (Endpoint is null)
            return;
        exporter.Protocol = Protocol;
        exporter.Endpoint = Protocol == OtlpExportProtocol.HttpProtobuf ? new Uri($"{Endpoint.AbsoluteUri.TrimEnd('/')}/{path}") : Endpoint;
    }

    public IEnumerable<string> FindErrors()
    {
        if (Endpoint is { } endpoint && (!endpoint.IsAbsoluteUri || endpoint.Scheme is not ("http" or "https")))
            yield return this.Refuse(Section, nameof(Endpoint), endpoint);
        if (!Enum.IsDefined(Protocol))
            yield return this.Refuse(Section, nameof(Protocol), Protocol);
    }
}

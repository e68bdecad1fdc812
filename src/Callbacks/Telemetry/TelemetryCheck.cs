using System.Net.Sockets;
using Callbacks.Configuration;

namespace Callbacks.Telemetry;

/// <summary>Whether somebody listens where metrics and traces are sent. Nothing is sent.</summary>
sealed class TelemetryCheck(TelemetryOptions options, TimeProvider time) : ICheck
{
    static readonly TimeSpan ConnectTimeout = TimeSpan.FromSeconds(3);

    public string Subject => $"{TelemetryOptions.Section}:{nameof(TelemetryOptions.Endpoint)}";

    public async Task<CheckResult?> RunAsync(CancellationToken cancellationToken)
    {
        if (!options.IsSent)
            return null;
        var results = new List<CheckResult>();
        foreach (string target in options.Targets)
            results.Add(await ConnectAsync(target, cancellationToken));
        return new CheckResult(results.TrueForAll(result => result.IsOk), string.Join(' ', results.Select(result => result.Text)));
    }

    async Task<CheckResult> ConnectAsync(string target, CancellationToken cancellationToken)
    {
        string shown = Secrets.Mask(target);
        if (!Uri.TryCreate(target, UriKind.Absolute, out Uri? url) || url.Scheme is not ("http" or "https"))
            return CheckResult.Failed($"'{shown}' is no absolute http or https URL. Correct OTEL_EXPORTER_OTLP_ENDPOINT or its relatives.");
        using var timeout = new CancellationTokenSource(ConnectTimeout, time);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(timeout.Token, cancellationToken);
        try
        {
            using var socket = new Socket(SocketType.Stream, ProtocolType.Tcp);
            await socket.ConnectAsync(url.IdnHost, url.Port, either.Token);
            return CheckResult.Ok($"{shown} accepts connections.");
        }
        catch (SocketException exception)
        {
            return CheckResult.Failed($"{shown} can't be reached: {exception.Message}. See whether the collector runs there.");
        }
        catch (OperationCanceledException) when (!cancellationToken.IsCancellationRequested)
        {
            return CheckResult.Failed($"{shown} did not accept a connection within {Setting.Show(ConnectTimeout)}. See whether the collector runs there.");
        }
    }
}

using System.Text.Json;
using Callbacks.Bench.Framework;
using Callbacks.Fixtures;

namespace Callbacks.Bench.Parts;

/// <summary>The published service with a journal and a database, as an operator runs it.</summary>
sealed class ServicePart : IAsyncDisposable
{
    static readonly TimeSpan Patience = TimeSpan.FromSeconds(30);

    readonly HttpClient _client = new() { Timeout = TimeSpan.FromSeconds(30) };
    readonly Part _part;

    ServicePart(Part part, Uri url) => (_part, Url) = (part, url);

    public Uri Url { get; }

    public double CpuSeconds => _part.CpuSeconds;

    public double Mebibytes => _part.Mebibytes;

    /// <summary>Returns as soon as the process is there.</summary>
    public static ServicePart Spawn(BenchContext context, string journal, string connectionString, Uri upstream, params string[] settings)
    {
        var url = new Uri($"http://127.0.0.1:{FreePort.Take()}/");
        Part part = Part.Start(Programs.Service(
            context.Build, context.Variables, [$"--urls={url}", $"--Journal:Directory={journal}", $"--Store:ConnectionString={connectionString}", $"--Lookup:BaseUrl={upstream}", .. settings]));
        return new ServicePart(part, url);
    }

    /// <summary>Returns when callbacks are accepted and PostgreSQL is reached.</summary>
    public static async Task<ServicePart> StartAsync(BenchContext context, string journal, string connectionString, Uri upstream, params string[] settings)
    {
        ServicePart service = Spawn(context, journal, connectionString, upstream, settings);
        try
        {
            await service.UntilReadyAsync(context.Stop);
            return service;
        }
        catch
        {
            await service.DisposeAsync();
            throw;
        }
    }

    public async Task UntilReadyAsync(CancellationToken stop)
    {
        await _part.UntilAnswersAsync(new Uri(Url, "readyz"), stop);
        await _part.UntilAnswersAsync(new Uri(Url, "objects"), stop);
    }

    public async Task<ServiceStatus> StatusAsync() => ServiceStatus.Parse(await _client.GetStringAsync(new Uri(Url, "status")));

    /// <summary>Waits until so many rows have been written. False when they were not in time.</summary>
    public Task<bool> UntilStoredAsync(long rows, CancellationToken stop) => UntilAsync(status => status.Postgresql.RowsStored >= rows, stop);

    /// <summary>Waits until a lookup has been answered. False when none was in time.</summary>
    public Task<bool> UntilAnsweredAsync(CancellationToken stop) => UntilAsync(status => status.Lookup.Answers > 0, stop);

    public Task KillAsync() => _part.KillAsync();

    public async ValueTask DisposeAsync()
    {
        await _part.DisposeAsync();
        _client.Dispose();
    }

    async Task<bool> UntilAsync(Func<ServiceStatus, bool> condition, CancellationToken stop)
    {
        long start = BenchContext.Time.GetTimestamp();
        while (!condition(await StatusAsync()))
        {
            if (BenchContext.Time.GetElapsedTime(start) >= Patience)
                return false;
            await BenchContext.WaitAsync(TimeSpan.FromMilliseconds(100), stop);
        }

        return true;
    }
}

/// <summary>What <c>GET /status</c> says, as far as benches read it.</summary>
sealed record ServiceStatus(
    string State, double? OldestPendingAgeSeconds, ServiceStatus.BalanceFigures Balance, ServiceStatus.LookupFigures Lookup,
    ServiceStatus.StoreFigures Postgresql, ServiceStatus.SweepFigures Sweep, ServiceStatus.JournalFigures Journal)
{
    static readonly JsonSerializerOptions Json = new() { PropertyNamingPolicy = JsonNamingPolicy.SnakeCaseLower };

    public static ServiceStatus Parse(string json) => JsonSerializer.Deserialize<ServiceStatus>(json, Json)!;

    /// <summary>In sightings.</summary>
    internal sealed record BalanceFigures(long PendingAtStart, long Acknowledged, long Stored, long Offline, long Expired, long Pending, bool IsBalanced);

    internal sealed record LookupFigures(int InFlight, long Attempts, long Answers);

    internal sealed record StoreFigures(long RowsStored);

    internal sealed record SweepFigures(long RowsSwept);

    internal sealed record JournalFigures(string State, long Bytes);
}

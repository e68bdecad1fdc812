using Callbacks.Journal;
using Callbacks.Journal.Log;
using Callbacks.Journal.Pending;
using Callbacks.Lookup;
using Callbacks.Tests.Support;
using Callbacks.Time;
using Microsoft.AspNetCore.Builder;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;

namespace Callbacks.Tests.Lookup;

/// <summary>The lookup stage as the service sets it up, with the test in the place of the journal in front of it and the store behind it.</summary>
sealed class LookupRig : IAsyncDisposable
{
    readonly WebApplication _app;
    readonly IHostedService _service;
    readonly List<(Instant ReceivedAt, long[] Ids)> _callbacks = [];
    readonly long[] _expired = new long[Enum.GetValues<LookupFailure>().Length];
    ulong _number;

    /// <param name="table">Of an earlier life; a new one when null.</param>
    /// <param name="time">The real one when null.</param>
    public LookupRig(
        Uri upstream, PendingTable? table = null, int inFlightMax = 200, string attemptTimeout = "00:00:05", string backoffMax = "00:00:00.1", TimeProvider? time = null)
    {
        WebApplicationBuilder builder = WebApplication.CreateSlimBuilder(
            [$"--Lookup:BaseUrl={upstream}", $"--Lookup:InFlightMax={inFlightMax}", $"--Lookup:AttemptTimeout={attemptTimeout}", $"--Lookup:BackoffMax={backoffMax}"]);
        builder.Logging.ClearProviders();
        builder.Logging.AddProvider(Log);
        Table = table ?? NewTable();
        builder.Services.AddSingleton(time ?? TimeProvider.System);
        builder.Services.AddSingleton<ServiceTime>();
        // As an instance, so that it stays when this life ends.
        builder.Services.AddSingleton(Table);
        builder.AddLookup();
        _app = builder.Build();
        _service = _app.Services.GetServices<IHostedService>().Single(service => service.GetType().Name == "LookupService");
    }

    public AllLogLines Log { get; } = new();
    public PendingTable Table { get; }
    public ServiceTime Time => _app.Services.GetRequiredService<ServiceTime>();
    public Lookups Lookups => _app.Services.GetRequiredService<Lookups>();
    public LookupStatus Status => Lookups.Status();

    public static PendingTable NewTable() => new(TimeSpan.FromMinutes(10), 100_000, keepAll: false, new Random(1));

    public Task StartAsync() => _service.StartAsync(CancellationToken.None);

    public Task StopAsync() => _service.StopAsync(CancellationToken.None);

    /// <summary>A callback arrives. Returns its place in the order, for <see cref="IsSettled"/>.</summary>
    public int Receive(params long[] ids)
    {
        // Receive times ascend strictly, as the journal makes them.
        Instant now = Time.Now;
        if (_callbacks.Count > 0 && now <= _callbacks[^1].ReceivedAt)
            now = _callbacks[^1].ReceivedAt + TimeSpan.FromMicroseconds(1);
        _callbacks.Add((now, ids));
        Table.Visit(new CallbackFrame(++_number, now, ids), VisitKind.Arrival, now, out _, _expired);
        return _callbacks.Count - 1;
    }

    /// <summary>Stores what was answered, as the store would, and says whether each sighting of the callback has its outcome.</summary>
    public bool IsSettled(int callback, out OutcomeCounts outcomes)
    {
        Table.TakeAnswers(Time.Now, int.MaxValue, (_, _, _) => { });
        Table.AnswersStored();
        (Instant receivedAt, long[] ids) = _callbacks[callback];
        return Table.Visit(new CallbackFrame(1, receivedAt, ids), VisitKind.Again, Time.Now, out outcomes, _expired);
    }

    public async Task<OutcomeCounts> SettleAsync(int callback)
    {
        OutcomeCounts outcomes = default;
        await Wait.UntilAsync(() => IsSettled(callback, out outcomes), $"callback {callback} is settled");
        return outcomes;
    }

    public async ValueTask DisposeAsync()
    {
        await StopAsync();
        await _app.DisposeAsync();
        Log.Dispose();
    }
}

using System.Net.ServerSentEvents;
using System.Runtime.CompilerServices;
using System.Text.Json;
using Callbacks.Problems;
using Callbacks.Telemetry;
using Callbacks.Time;
using Microsoft.AspNetCore.Connections.Features;

namespace Callbacks.View.Dashboard;

/// <summary>
/// <c>GET /dashboard/events</c>: twice a second a <see cref="DashboardView"/>, for as long as somebody listens. The stream ends when the
/// service stops, or needs the connection for callbacks; the page then comes again.
/// </summary>
sealed class LiveEvents(StatusReport report, History history, OnlineCount online, ServiceTime time, TimeProvider timers, IHostApplicationLifetime lifetime)
{
    /// <summary>More than a team's screens; each costs a connection and some kilobytes a second.</summary>
    const int ListenersMax = 32;

    static readonly TimeSpan Every = TimeSpan.FromMilliseconds(500);

    static readonly Problem TooMany = new(
        ProblemType.TooManyDashboards, "Too many dashboards are open.", StatusCodes.Status503ServiceUnavailable, $"Up to {ListenersMax} may be open at a time.")
    {
        RetryAfterSeconds = 5,
    };

    int _listeners;

    public IResult Listen(HttpContext context)
    {
        if (Interlocked.Increment(ref _listeners) > ListenersMax)
        {
            Interlocked.Decrement(ref _listeners);
            return TooMany;
        }

        context.Response.OnCompleted(() =>
        {
            Interlocked.Decrement(ref _listeners);
            return Task.CompletedTask;
        });
        CancellationToken closing = context.Features.Get<IConnectionLifetimeNotificationFeature>()?.ConnectionClosedRequested ?? default;
        return TypedResults.ServerSentEvents(ReadAsync(closing, context.RequestAborted));
    }

    async IAsyncEnumerable<SseItem<string>> ReadAsync(CancellationToken closing, [EnumeratorCancellation] CancellationToken aborted)
    {
        using var ending = CancellationTokenSource.CreateLinkedTokenSource(closing, aborted, lifetime.ApplicationStopping);
        using var timer = new PeriodicTimer(Every, timers);
        Instant sent = Instant.MinValue;
        do
        {
            HistoryRow[] rows = history.Since(sent);
            sent = rows.Length > 0 ? rows[^1].At : sent;
            var view = new DashboardView(CallbackMeter.Version, time.Now.ToString(), report.Read(), online.Read(), [.. rows.Select(row => PlotRow.From(row))]);
            yield return new SseItem<string>(JsonSerializer.Serialize(view, DashboardJson.Default.DashboardView)) { ReconnectionInterval = TimeSpan.FromSeconds(1) };
        }
        while (await TickAsync(timer, ending.Token));
    }

    static async ValueTask<bool> TickAsync(PeriodicTimer timer, CancellationToken ending)
    {
        try
        {
            return await timer.WaitForNextTickAsync(ending);
        }
        catch (OperationCanceledException)
        {
            return false;
        }
    }
}

using Microsoft.Extensions.Hosting.Systemd;

namespace Callbacks.Intake;

/// <summary>
/// Tells systemd (<c>Type=notify</c>) when callbacks are accepted, so that <c>systemctl start</c> and <c>restart</c> return no sooner, and when
/// no longer. Does nothing where nobody listens.
/// </summary>
sealed class SupervisorSignal : IHostedLifecycleService
{
    // Of the package only this. Its lifetime would put the log into a form of its own, and SIGTERM is understood as it is.
    readonly SystemdNotifier _notifier = new();

    /// <summary>After every part has started: the server listens, and the journal, which it needs for that, is open.</summary>
    public Task StartedAsync(CancellationToken cancellationToken)
    {
        _notifier.Notify(ServiceState.Ready);
        return Task.CompletedTask;
    }

    public Task StoppingAsync(CancellationToken cancellationToken)
    {
        _notifier.Notify(ServiceState.Stopping);
        return Task.CompletedTask;
    }

    public Task StartingAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public Task StartAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public Task StopAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public Task StoppedAsync(CancellationToken cancellationToken) => Task.CompletedTask;
}

using System.Net.Sockets;
using Microsoft.Extensions.Hosting.Systemd;

namespace Callbacks.Intake;

/// <summary>
/// Tells systemd (<c>Type=notify</c>) when callbacks are accepted, so that <c>systemctl start</c> and <c>restart</c> return no sooner, and when
/// no longer. Does nothing where nobody listens.
/// </summary>
sealed partial class SupervisorSignal(ILogger<SupervisorSignal> logger) : IHostedLifecycleService
{
    // Of the package only this. Its lifetime would put the log into a form of its own, and SIGTERM is understood as it is.
    readonly SystemdNotifier _notifier = new();

    /// <summary>After every part has started: the server listens, and the journal, which it needs for that, is open.</summary>
    public Task StartedAsync(CancellationToken cancellationToken)
    {
        Tell(ServiceState.Ready, "READY=1");
        return Task.CompletedTask;
    }

    public Task StoppingAsync(CancellationToken cancellationToken)
    {
        Tell(ServiceState.Stopping, "STOPPING=1");
        return Task.CompletedTask;
    }

    void Tell(ServiceState state, string word)
    {
        try
        {
            _notifier.Notify(state);
        }
        catch (SocketException exception)
        {
            // A variable that was handed down, and whose socket is gone, is no reason not to serve.
            LogNotTold(word, exception.Message);
        }
    }

    public Task StartingAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public Task StartAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public Task StopAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public Task StoppedAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    [LoggerMessage(Level = LogLevel.Warning, Message = "The supervisor could not be told {State}: {Problem}.")]
    partial void LogNotTold(string state, string problem);
}

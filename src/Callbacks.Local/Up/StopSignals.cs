using System.Runtime.InteropServices;

namespace Callbacks.Local.Up;

/// <summary>Ctrl-C, a closed terminal and a polite <c>kill</c> ask for an orderly stop; asked twice, everything ends at once.</summary>
sealed class StopSignals : IDisposable
{
    const int EndedBySignal = 130;

    readonly CancellationTokenSource _stop = new();
    readonly PosixSignalRegistration[] _registrations;

    public StopSignals(Terminal terminal)
    {
        // A script that starts us with "&" has the shell ignore SIGINT for us, and the runtime would leave it at that.
        _ = Libc.Handle((int)Signal.Interrupt, 0);
        _registrations =
        [
            .. new[] { PosixSignal.SIGINT, PosixSignal.SIGTERM, PosixSignal.SIGHUP, PosixSignal.SIGQUIT }
                .Select(signal => PosixSignalRegistration.Create(signal, OnSignal)),
        ];

        void OnSignal(PosixSignalContext context)
        {
            context.Cancel = true;

            // The children have asked the kernel to end with us.
            if (_stop.IsCancellationRequested)
                Environment.Exit(EndedBySignal);
            terminal.Say("Stopping (Ctrl-C again: at once).");
            _stop.Cancel();
        }
    }

    public CancellationToken Token => _stop.Token;

    public void Dispose()
    {
        foreach (PosixSignalRegistration registration in _registrations)
            registration.Dispose();
        _stop.Dispose();
    }
}

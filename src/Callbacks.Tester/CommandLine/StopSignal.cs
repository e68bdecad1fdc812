using System.Runtime.InteropServices;

namespace Callbacks.Tester.CommandLine;

/// <summary>Ctrl-C and SIGTERM ask for a clean end, with exit code 0; the second one ends the process at once.</summary>
sealed class StopSignal : IDisposable
{
    readonly CancellationTokenSource _stopping = new();
    readonly PosixSignalRegistration[] _registrations;

    public StopSignal() => _registrations =
    [
        PosixSignalRegistration.Create(PosixSignal.SIGINT, OnSignal),
        PosixSignalRegistration.Create(PosixSignal.SIGTERM, OnSignal),
    ];

    public CancellationToken Token => _stopping.Token;

    public void Dispose()
    {
        foreach (PosixSignalRegistration registration in _registrations)
            registration.Dispose();
        _stopping.Dispose();
    }

    void OnSignal(PosixSignalContext context)
    {
        context.Cancel = !_stopping.IsCancellationRequested;
        _stopping.Cancel();
    }
}

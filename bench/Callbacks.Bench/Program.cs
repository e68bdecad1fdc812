using System.Runtime.InteropServices;
using Callbacks.Bench.Bare;
using Callbacks.Bench.Benches;
using Callbacks.Bench.Framework;

// Sides that are processes of their own.
switch (args)
{
    case ["intake", .. string[] rest]:
        return await BareIntake.RunAsync(rest);
    case ["upstream", .. string[] rest]:
        return await BareUpstream.RunAsync(rest);
}

Measurement[] all =
[
    new AcceptBench(), new JournalBench(), new LookupCpuBench(), new LookupWideBench(), new StoreBench(), new StartBench(),
    new ChainBench(), new ExpiryBench(), new OverloadBench(), new GrowthBench(),
];
if (Arguments.Parse(args, all) is not { } arguments)
{
    await Console.Error.WriteLineAsync(Arguments.Usage(all));
    return 64;
}

using var stop = new CancellationTokenSource();
using PosixSignalRegistration interrupt = PosixSignalRegistration.Create(PosixSignal.SIGINT, Stop);
using PosixSignalRegistration terminate = PosixSignalRegistration.Create(PosixSignal.SIGTERM, Stop);
bool areReached = true;
foreach (Measurement bench in arguments.Benches)
{
    try
    {
        areReached &= await Runner.RunAsync(bench, arguments.Options, stop.Token);
    }
    catch (OperationCanceledException) when (stop.IsCancellationRequested)
    {
        return 130;
    }
    catch (Exception exception)
    {
        // One that can't be taken must not cost the others.
        Console.WriteLine($"{bench.Name}: {(BenchContext.IsExpected(exception) ? exception.Message : exception)}: NOT taken");
        areReached = false;
    }
}

return areReached ? 0 : 1;

// A second one ends it at once: filling a table of ten million rows listens to nobody.
void Stop(PosixSignalContext signal)
{
    signal.Cancel = !stop.IsCancellationRequested;
    stop.Cancel();
}

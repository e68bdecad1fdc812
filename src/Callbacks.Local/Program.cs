using Callbacks.Local;
using Callbacks.Local.Up;

await using var terminal = new Terminal(Console.Out);
using var stop = new StopSignals(terminal);
try
{
    await new Machine(UpOptions.Parse(args), terminal, TimeProvider.System).RunAsync(stop.Token);
    return 0;
}
catch (LocalException e)
{
    terminal.Say(e.Message);
    return e.ExitCode;
}
catch (OperationCanceledException) when (stop.Token.IsCancellationRequested)
{
    // While a port was waited for: nothing had been started.
    return 0;
}

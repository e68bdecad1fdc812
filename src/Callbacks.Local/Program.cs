using Callbacks.Local;
using Callbacks.Local.Up;

await using var terminal = new Terminal(Console.Out);
try
{
    using var stop = new StopSignals(terminal);
    await new Machine(UpOptions.Parse(args), terminal, TimeProvider.System).RunAsync(stop.Token);
    return 0;
}
catch (LocalException e)
{
    terminal.Say(e.Message);
    return e.ExitCode;
}

using System.CommandLine;
using Callbacks.Tester.CommandLine;
using Callbacks.Tester.Send;
using Callbacks.Tester.Serve;
using Callbacks.Tester.Verify;
using Npgsql;

const int Unusable = 2;

var root = new RootCommand("""
    Tries a callback service: be its upstream, be its sender, and judge what came of it.

    Example: callback-tester send --rate 10 --duration 30s
    """)
{
    ServeCommand.Build(),
    SendCommand.Build(),
    VerifyCommand.Build(),
};

ParseResult parsed = root.Parse(args);
using var stop = new StopSignal();
try
{
    // Signals and errors are ours: Ctrl-C is the ordinary end of serve and send, and its exit code is 0.
    int code = await parsed.InvokeAsync(
        new InvocationConfiguration { EnableDefaultExceptionHandler = false, ProcessTerminationTimeout = null }, stop.Token);
    return parsed.Errors.Count > 0 ? Unusable : code;
}
catch (Exception exception) when (exception is UsageException or IOException or InvalidDataException
    or UnauthorizedAccessException or NpgsqlException or HttpRequestException)
{
    await Console.Error.WriteLineAsync(exception.Message);
    return Unusable;
}

using Callbacks.Journal;

namespace Callbacks.Tests.Support;

/// <summary>
/// The program's own main method, in this process, run to its end. It takes the console and the environment for itself: such tests
/// run alone.
/// </summary>
sealed record ProgramRun(int Code, string[] Output, string[] Errors)
{
    /// <summary>No port, no server, no log. Later flags overrule earlier ones.</summary>
    static readonly string[] Harmless =
    [
        "--urls", "http://127.0.0.1:0", "--Store:ConnectionString=Host=127.0.0.1;Port=1", "--Logging:LogLevel:Default=None",
        "--Logging:LogLevel:Microsoft=None", "--Logging:LogLevel:Microsoft.Hosting.Lifetime=None",
    ];

    /// <summary>All that it said.</summary>
    public string Said => string.Join('\n', [.. Output, .. Errors]);

    public static Task<ProgramRun> StartAsync(params string[] flags) => InvokeAsync([.. Harmless, .. flags]);

    public static Task<ProgramRun> CommandAsync(string command, params string[] flags) => InvokeAsync([command, .. Harmless, .. flags]);

    public static async Task<ProgramRun> InvokeAsync(string[] arguments)
    {
        (TextWriter outputBefore, TextWriter errorsBefore) = (Console.Out, Console.Error);
        using var output = new StringWriter();
        using var errors = new StringWriter();
        Console.SetOut(TextWriter.Synchronized(output));
        Console.SetError(TextWriter.Synchronized(errors));
        try
        {
            object? code = await Task.Run(() => typeof(CallbackJournal).Assembly.EntryPoint!.Invoke(null, [arguments])).WaitAsync(TimeSpan.FromSeconds(30));
            return new ProgramRun((int)code!, Lines(output), Lines(errors));
        }
        finally
        {
            Console.SetOut(outputBefore);
            Console.SetError(errorsBefore);
        }
    }

    static string[] Lines(StringWriter writer) => writer.ToString().Split('\n', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries);
}

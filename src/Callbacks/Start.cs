using System.Net.Sockets;
using Callbacks.Configuration;
using Callbacks.Intake;
using Callbacks.Journal;
using Callbacks.Lookup;
using Microsoft.Extensions.Options;

namespace Callbacks;

/// <summary>What concerns the process as a whole: its commands, limits that no single stage can judge, and how it ends.</summary>
static class Start
{
    /// <summary>Of <c>sysexits.h</c>: the configuration is wrong. A supervisor need not try again before somebody has changed it.</summary>
    public const int ExitConfiguration = 78;

    const int ExitFailure = 1;

    /// <summary>No option counts before the next start, and a file can't be watched where other programs have taken all of the system's watchers.</summary>
    const string ReadOnce = "--hostBuilder:reloadConfigOnChange=false";

    /// <summary>Null when the sources of the configuration can't even be read; it has been said why.</summary>
    public static WebApplicationBuilder? CreateBuilder(string[] arguments)
    {
        var command = Command.Read(arguments);
        if (command.Ignored.Count > 0)
        {
            foreach (string word in command.Ignored)
                Console.Error.WriteLine($"'{Secrets.Mask(word)}' on the command line is neither a command (check, config, journal, ready) nor a flag; it must be --Key=value or --Key value.");
            return null;
        }

        try
        {
            // The settings file lies beside the program; the working folder is the user's own business.
            WebApplicationBuilder builder = WebApplication.CreateSlimBuilder(
                new WebApplicationOptions { Args = [ReadOnce, .. command.Flags], ContentRootPath = AppContext.BaseDirectory });
            builder.Services.AddSingleton(command);
            return builder;
        }
        catch (Exception exception) when (exception is InvalidDataException or IOException or UnauthorizedAccessException)
        {
            // The inner message names the place, and not what stands there.
            Console.Error.WriteLine($"{exception.Message} {exception.InnerException?.InnerException?.Message} Correct it.".ReplaceLineEndings(" "));
            return null;
        }
    }

    public static void AddStart(this WebApplicationBuilder builder)
    {
        // Stopping has to be over before a supervisor or a sender loses patience.
        builder.Services.Configure<HostOptions>(host => host.ShutdownTimeout = TimeSpan.FromSeconds(9));
        builder.Services.AddRelation<LookupOptions, IntakeOptions>(FindFileError);
        builder.Services.AddSingleton<ICheck, FileCheck>();
        // Why a start is refused is said in one line, below; the host would print the same with its stack.
        builder.Logging.AddFilter("Microsoft.Extensions.Hosting.Internal.Host", LogLevel.Critical);
    }

    /// <summary>Does what the command line says, and returns the exit code.</summary>
    public static async Task<int> RunToTheEndAsync(this WebApplicationBuilder builder, Action<WebApplication> map)
    {
        CancellationToken stopping = default;
        BackgroundService[] background = [];
        try
        {
            // Not disposed: it would take the configuration with it, which the application still needs.
            IServiceProvider services = builder.Services.BuildServiceProvider();
            CommandKind command = services.GetService<Command>()?.Kind ?? CommandKind.Run;
            string[] problems = [.. FindProblems(services).Order(StringComparer.Ordinal)];
            if (problems.Length > 0)
                return await RefuseAsync(problems, command);
            if (command == CommandKind.Check)
                return await CheckCommand.RunAsync(services.GetServices<ICheck>(), Console.Out, CancellationToken.None) ? 0 : ExitConfiguration;
            if (command == CommandKind.Config)
            {
                await ConfigCommand.RunAsync(
                    builder.Configuration, services.GetServices<OptionsSection>(), ListenAddresses.Read(builder.Configuration).Select(address => address.Key).Distinct(StringComparer.Ordinal), Console.Out);
                return 0;
            }

            WebApplication app = builder.Build();
            stopping = app.Lifetime.ApplicationStopping;
            map(app);
            background = [.. app.Services.GetServices<IHostedService>().OfType<BackgroundService>()];
            await app.RunAsync();
            return ExitCodeOf(background);
        }
        catch (OperationCanceledException) when (stopping.IsCancellationRequested)
        {
            // Told to stop while it was still starting: an end like any other.
            return ExitCodeOf(background);
        }
        catch (JournalUnusableException exception)
        {
            await Console.Error.WriteLineAsync(exception.Message);
            return ExitConfiguration;
        }
        catch (IOException exception) when (exception.InnerException is Microsoft.AspNetCore.Connections.AddressInUseException)
        {
            await Console.Error.WriteLineAsync($"{exception.Message} Stop what listens there, or choose another address with --urls.");
            return ExitFailure;
        }
        catch (SocketException exception)
        {
            // Of the server's, which binds to an address that this machine hasn't (yet).
            return await RefuseAddressAsync(exception);
        }
        catch (IOException exception) when (exception.InnerException is AggregateException { InnerException: SocketException inner })
        {
            // Of localhost's two addresses neither.
            return await RefuseAddressAsync(inner);
        }
    }

    /// <summary>A defect of one of them has ended it all, perhaps while others were still starting, which the host calls a normal end.</summary>
    static int ExitCodeOf(BackgroundService[] background) => background.Any(service => service.ExecuteTask is { IsFaulted: true }) ? ExitFailure : 0;

    static async Task<int> RefuseAddressAsync(SocketException exception)
    {
        await Console.Error.WriteLineAsync($"The address of --urls can't be listened on: {exception.Message}. Choose another one, or wait until this machine has it.");
        return ExitFailure;
    }

    /// <summary>All at once, by services of its own: building the application makes the server, whose bad values would hide the others.</summary>
    static IEnumerable<string> FindProblems(IServiceProvider services)
    {
        IEnumerable<string> unknown = UnknownKeys.Find(services.GetRequiredService<IConfiguration>(), [.. services.GetServices<OptionsSection>()]);
        try
        {
            services.GetService<IStartupValidator>()?.Validate();
            return unknown;
        }
        catch (OptionsValidationException exception)
        {
            return unknown.Concat(exception.Failures);
        }
        catch (AggregateException exception) when (exception.InnerExceptions.All(inner => inner is OptionsValidationException))
        {
            return unknown.Concat(exception.InnerExceptions.Cast<OptionsValidationException>().SelectMany(inner => inner.Failures));
        }
    }

    static async Task<int> RefuseAsync(string[] problems, CommandKind command)
    {
        if (command == CommandKind.Check)
        {
            await CheckCommand.RefuseAsync(problems, Console.Out);
            return ExitConfiguration;
        }

        foreach (string problem in problems)
            await Console.Error.WriteLineAsync(problem);
        return ExitConfiguration;
    }

    /// <summary>Lookups and senders must not take each other's file descriptors: the endpoint has to answer whatever happens.</summary>
    static string? FindFileError(LookupOptions lookup, IntakeOptions intake)
    {
        long needed = FilesNeeded(lookup, intake);
        return FileDescriptors.ReadLimit() is { } limit && needed > limit
            ? $"Lookup:InFlightMax ({lookup.InFlightMax}) + Intake:ConnectionsMax ({intake.ConnectionsMax}) + {FileDescriptors.Other} is {needed}; this process may hold {limit} file descriptors. Lower one of them, or raise the limit (ulimit -n, LimitNOFILE=)."
            : null;
    }

    static long FilesNeeded(LookupOptions lookup, IntakeOptions intake) => (long)lookup.InFlightMax + intake.ConnectionsMax + FileDescriptors.Other;

    /// <summary>Too few of them are an error of the configuration; here they are told.</summary>
    sealed class FileCheck(LookupOptions lookup, IntakeOptions intake) : ICheck
    {
        public string Subject => "file descriptors";

        public Task<CheckResult?> RunAsync(CancellationToken cancellationToken) => Task.FromResult<CheckResult?>(CheckResult.Ok(
            $"{FilesNeeded(lookup, intake)} are needed at most; this process may hold {FileDescriptors.ReadLimit()?.ToString(System.Globalization.CultureInfo.InvariantCulture) ?? "any number"}."));
    }
}

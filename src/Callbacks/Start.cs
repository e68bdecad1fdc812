using System.Globalization;
using Callbacks.Intake;
using Callbacks.Journal;
using Callbacks.Lookup;
using Microsoft.Extensions.Options;

namespace Callbacks;

/// <summary>What concerns the process as a whole: limits that no single stage can judge, and how it ends.</summary>
static partial class Start
{
    /// <summary>Of <c>sysexits.h</c>: the configuration is wrong. A supervisor need not try again before somebody has changed it.</summary>
    const int ExitConfiguration = 78;

    const int ExitFailure = 1;

    /// <summary>Files that are neither a lookup's nor a sender's: segments, PostgreSQL, the runtime's own.</summary>
    const int OtherFiles = 500;

    public static void AddStart(this WebApplicationBuilder builder)
    {
        // Stopping has to be over before a supervisor or a sender loses patience.
        builder.Services.Configure<HostOptions>(host => host.ShutdownTimeout = TimeSpan.FromSeconds(9));
        builder.Services.AddSingleton<IValidateOptions<LookupOptions>>(provider => new FileLimit(provider));
        // Why a start is refused is said in one line, below; the host would print the same with its stack.
        builder.Logging.AddFilter("Microsoft.Extensions.Hosting.Internal.Host", LogLevel.Critical);
    }

    /// <param name="map">Adds the endpoints, which makes what they need from the options.</param>
    public static async Task<int> RunToTheEndAsync(this WebApplicationBuilder builder, Action<WebApplication> map)
    {
        CancellationToken stopping = default;
        try
        {
            // Building makes the transport already, and with it what is made from Intake's options.
            WebApplication app = builder.Build();
            stopping = app.Lifetime.ApplicationStopping;
            // Before anything is made from them: a service that gets one bad value would hide the others.
            app.Services.GetService<IStartupValidator>()?.Validate();
            map(app);
            await app.RunAsync();
            return 0;
        }
        catch (OptionsValidationException exception)
        {
            return await RefuseAsync([exception]);
        }
        catch (AggregateException exception) when (exception.InnerExceptions.All(inner => inner is OptionsValidationException))
        {
            return await RefuseAsync(exception.InnerExceptions.Cast<OptionsValidationException>());
        }
        catch (InvalidOperationException exception) when (exception.Source == "Microsoft.Extensions.Configuration.Binder")
        {
            // A value of another type than the key's; the message names the key.
            await Console.Error.WriteLineAsync(exception.Message);
            return ExitConfiguration;
        }
        catch (OperationCanceledException) when (stopping.IsCancellationRequested)
        {
            // Told to stop while it was still starting: an end like any other.
            return 0;
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
    }

    static async Task<int> RefuseAsync(IEnumerable<OptionsValidationException> exceptions)
    {
        foreach (string failure in exceptions.SelectMany(exception => exception.Failures))
            await Console.Error.WriteLineAsync(failure);
        return ExitConfiguration;
    }

    /// <summary>Lookups and senders must not take each other's file descriptors: the endpoint has to answer whatever happens.</summary>
    sealed class FileLimit(IServiceProvider provider) : IValidateOptions<LookupOptions>
    {
        public ValidateOptionsResult Validate(string? name, LookupOptions options)
        {
            if (ReadConnectionsMax() is not { } connections)
                return ValidateOptionsResult.Skip;
            long needed = (long)options.InFlightMax + connections + OtherFiles;
            return ReadLimit() is { } limit && needed > limit
                ? ValidateOptionsResult.Fail(
                    $"Lookup:InFlightMax ({options.InFlightMax}) + Intake:ConnectionsMax ({connections}) + {OtherFiles} is {needed}; this process may hold {limit} file descriptors. Lower one of them, or raise the limit (ulimit -n, LimitNOFILE=).")
                : ValidateOptionsResult.Success;
        }

        int? ReadConnectionsMax()
        {
            try
            {
                return provider.GetRequiredService<IOptions<IntakeOptions>>().Value.ConnectionsMax;
            }
            catch (OptionsValidationException)
            {
                // The intake's own complaint, which must not take the place of the lookup's.
                return null;
            }
        }

        static long? ReadLimit()
        {
            const string Line = "Max open files";
            // "Max open files            20000                20000                files": the hard limit counts, .NET raises the soft one to it.
            string? line = File.Exists("/proc/self/limits") ? File.ReadLines("/proc/self/limits").FirstOrDefault(line => line.StartsWith(Line, StringComparison.Ordinal)) : null;
            string[] words = line?[Line.Length..].Split(' ', StringSplitOptions.RemoveEmptyEntries) ?? [];
            return words.Length > 1 && long.TryParse(words[1], NumberStyles.None, CultureInfo.InvariantCulture, out long limit) ? limit : null;
        }
    }
}

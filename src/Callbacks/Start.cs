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
        builder.Services.AddSingleton<IValidateOptions<IntakeOptions>>(provider => new CallbackSize(provider.GetRequiredService<IConfiguration>()));
        // Why a start is refused is said in one line, below; the host would print the same with its stack.
        builder.Logging.AddFilter("Microsoft.Extensions.Hosting.Internal.Host", LogLevel.Critical);
    }

    public static async Task<int> RunToTheEndAsync(this WebApplicationBuilder builder, Action<WebApplication> map)
    {
        CancellationToken stopping = default;
        try
        {
            Validate(builder);
            WebApplication app = builder.Build();
            stopping = app.Lifetime.ApplicationStopping;
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

    /// <summary>All options at once, by services of its own: building the application makes the server, whose bad values would hide the others.</summary>
    static void Validate(WebApplicationBuilder builder)
    {
        // Not disposed: it would take the configuration with it, which the application still needs.
        ServiceProvider services = builder.Services.BuildServiceProvider();
        services.GetService<IStartupValidator>()?.Validate();
    }

    static async Task<int> RefuseAsync(IEnumerable<OptionsValidationException> exceptions)
    {
        foreach (string failure in exceptions.SelectMany(exception => exception.Failures))
            await Console.Error.WriteLineAsync(failure);
        return ExitConfiguration;
    }

    /// <summary>The largest callback has to fit in one group of the journal.</summary>
    sealed class CallbackSize(IConfiguration configuration) : IValidateOptions<IntakeOptions>
    {
        public ValidateOptionsResult Validate(string? name, IntakeOptions options)
        {
            // Values that are wrong by themselves are said by their stages.
            int segmentBytes = configuration.GetSection(JournalOptions.Section).GetValue(nameof(JournalOptions.SegmentBytes), new JournalOptions().SegmentBytes);
            int idsMax = JournalOptions.IdsOfOneCallbackMax(segmentBytes);
            return idsMax > 0 && options.IdsMax > idsMax
                ? ValidateOptionsResult.Fail($"Intake:IdsMax is {options.IdsMax}; with Journal:SegmentBytes at {segmentBytes} it must be 1 to {idsMax}.")
                : ValidateOptionsResult.Success;
        }
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

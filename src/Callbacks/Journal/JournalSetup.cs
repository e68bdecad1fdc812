using System.Buffers.Binary;
using Callbacks.Configuration;
using Callbacks.Journal.Disk;
using Callbacks.Journal.Pending;
using Callbacks.Telemetry;
using Callbacks.Time;

namespace Callbacks.Journal;

/// <summary>Where the journal stage is put together.</summary>
static class JournalSetup
{
    /// <param name="retention">Sweep:Retention: what is older is not looked up any more.</param>
    /// <param name="keepAll">Whether offline answers are stored, too.</param>
    public static void AddJournal(this WebApplicationBuilder builder, Func<IServiceProvider, TimeSpan> retention, Func<IServiceProvider, bool> keepAll)
    {
        IServiceCollection services = builder.Services;
        services.AddCheckedOptions<JournalOptions>(JournalOptions.Section);
        services.AddSingleton<Balance>();
        services.AddSingleton(provider => new PendingTable(
            retention(provider), provider.GetRequiredService<JournalOptions>().WindowIdsMax, keepAll(provider), new Random()));
        services.AddSingleton(provider => new CallbackJournal(
            provider.GetRequiredService<JournalOptions>(),
            () => new LinuxDisk(provider.GetRequiredService<JournalOptions>().Directory),
            provider.GetRequiredService<PendingTable>(),
            provider.GetRequiredService<Balance>(),
            provider.GetRequiredService<ServiceTime>(),
            provider.GetRequiredService<TimeProvider>(),
            retention(provider),
            provider.GetRequiredService<ILoggerFactory>(),
            DrawTag));
        services.AddSingleton<IInstruments, JournalInstruments>();
        services.AddSingleton<ICallbackLog>(provider => provider.GetRequiredService<CallbackJournal>());
        services.AddSingleton<ICoverage>(provider => provider.GetRequiredService<CallbackJournal>());
        services.AddSingleton<ICheck, JournalCheck>();
        services.AddHostedService<JournalHost>();
    }

    /// <summary>
    /// Not from a seeded generator: the tags of two lives must differ. The first four bytes of a Guid are all drawn by the kernel; a generator for
    /// keys would load its library first, while senders wait.
    /// </summary>
    static uint DrawTag() => BinaryPrimitives.ReadUInt32LittleEndian(Guid.NewGuid().ToByteArray());

    /// <summary>Opens the journal before anything that uses it starts, and closes it after all of that has stopped.</summary>
    sealed class JournalHost(CallbackJournal journal) : IHostedService
    {
        public Task StartAsync(CancellationToken cancellationToken)
        {
            journal.Open();
            return Task.CompletedTask;
        }

        public Task StopAsync(CancellationToken cancellationToken)
        {
            journal.Dispose();
            return Task.CompletedTask;
        }
    }
}

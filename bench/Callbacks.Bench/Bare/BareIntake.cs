using Callbacks.Intake;
using Callbacks.Journal;
using Callbacks.Time;
using Microsoft.AspNetCore.Builder;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;

namespace Callbacks.Bench.Bare;

/// <summary>The service's own server and parser, and nothing behind them: a callback is counted and forgotten.</summary>
static class BareIntake
{
    public static async Task<int> RunAsync(string[] args)
    {
        WebApplicationBuilder builder = WebApplication.CreateSlimBuilder(new WebApplicationOptions { Args = args, ContentRootPath = AppContext.BaseDirectory });
        builder.Logging.SetMinimumLevel(LogLevel.Warning);
        builder.Services.AddSingleton<ServiceTime>();
        builder.Services.AddSingleton<NoLog>();
        builder.Services.AddSingleton<ICallbackLog>(provider => provider.GetRequiredService<NoLog>());
        builder.AddIntake();
        WebApplication app = builder.Build();
        app.MapIntake();
        app.MapGet("/count", (NoLog log) => Microsoft.AspNetCore.Http.Results.Text($"{log.Callbacks}"));
        await app.RunAsync();
        return 0;
    }

    sealed class NoLog(ServiceTime time) : ICallbackLog
    {
        long _callbacks;

        public uint Tag => 0;

        public long Callbacks => Interlocked.Read(ref _callbacks);

        public ValueTask<Receipt> AppendAsync(ReadOnlySpan<long> ids) =>
            ValueTask.FromResult(new Receipt(IsDurable: true, (ulong)Interlocked.Increment(ref _callbacks), time.Now));
    }
}

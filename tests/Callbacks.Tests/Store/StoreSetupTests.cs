using Callbacks.Journal;
using Callbacks.Store;
using Callbacks.Sweep;
using Callbacks.Tests.Sweep;
using Callbacks.Time;
using Microsoft.AspNetCore.Builder;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Options;

namespace Callbacks.Tests.Store;

public sealed class StoreSetupTests
{
    [Fact]
    public async Task A_start_with_values_that_can_not_be_used_says_all_of_them()
    {
        await using WebApplication application = Build("--Store:ConnectionString=", "--Store:BatchRowsMax=0", "--Sweep:Retention=00:00:00");
        // As Program does first: a stage that is made from bad options would throw the first error only.
        AggregateException error = Assert.Throws<AggregateException>(application.Services.GetRequiredService<IStartupValidator>().Validate);
        string text = string.Join(' ', error.InnerExceptions.OfType<OptionsValidationException>().SelectMany(e => e.Failures));
        Assert.Contains("Store:ConnectionString is empty", text, StringComparison.Ordinal);
        Assert.Contains("Store:BatchRowsMax is 0", text, StringComparison.Ordinal);
        Assert.Contains("Sweep:Retention is 00:00:00", text, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Everything_that_the_stages_need_is_registered()
    {
        await using WebApplication application = Build("--Store:ConnectionString=Host=localhost", "--Store:Keep=All");
        Assert.Equal(
            [typeof(ObjectWriter), typeof(ObjectSweeper)],
            application.Services.GetServices<IHostedService>().Select(service => service.GetType()).Where(type => type.Namespace!.StartsWith("Callbacks", StringComparison.Ordinal)));
        Assert.Equal(Keep.All, application.Services.GetRequiredService<IOptions<StoreOptions>>().Value.Keep);
        Assert.NotNull(application.Services.GetRequiredService<ObjectReader>());
        Assert.NotNull(application.Services.GetRequiredService<SweepState>());
    }

    static WebApplication Build(params string[] arguments)
    {
        WebApplicationBuilder builder = WebApplication.CreateSlimBuilder(arguments);
        builder.Services.AddSingleton(TimeProvider.System);
        builder.Services.AddSingleton<ServiceTime>();
        builder.Services.AddSingleton<ICoverage, FakeCoverage>();
        builder.Services.AddSingleton<IObjectSource, FakeObjectSource>();
        builder.AddStore().AddSweep();
        return builder.Build();
    }
}

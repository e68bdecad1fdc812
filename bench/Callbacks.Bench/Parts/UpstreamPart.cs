using Callbacks.Bench.Framework;
using Callbacks.Fixtures;

namespace Callbacks.Bench.Parts;

/// <summary>What is asked for objects, in a process of its own.</summary>
sealed class UpstreamPart : IAsyncDisposable
{
    /// <summary>Of the tester's answers with its usual latencies, 300 to 4,299 ms.</summary>
    public const double MeanLatencySeconds = 2.2995;

    readonly Part _part;

    UpstreamPart(Part part, Uri url) => (_part, Url) = (part, url);

    public Uri Url { get; }

    /// <summary>The tester, with 300 to 4,299 ms unless the arguments say otherwise.</summary>
    public static Task<UpstreamPart> StartTesterAsync(BenchContext context, params string[] arguments)
    {
        Uri url = Address();
        return StartAsync(Part.Start(Programs.Tester(["serve", "--url", $"{url}", .. arguments])), url, "control", context);
    }

    /// <summary>Takes as little of the machine as can be: what is measured is the asking. Answers at once unless the arguments say otherwise (<see cref="Bare.BareUpstream"/>).</summary>
    public static Task<UpstreamPart> StartBareAsync(BenchContext context, params string[] arguments)
    {
        Uri url = Address();
        return StartAsync(Part.Start(Programs.Own(["upstream", $"{url.Port}", .. arguments])), url, "objects/0", context);
    }

    public Task StopAsync() => _part.StopAsync();

    public ValueTask DisposeAsync() => _part.DisposeAsync();

    static Uri Address() => new($"http://127.0.0.1:{FreePort.Take()}/");

    static async Task<UpstreamPart> StartAsync(Part part, Uri url, string page, BenchContext context)
    {
        try
        {
            await part.UntilAnswersAsync(new Uri(url, page), context.Stop);
            return new UpstreamPart(part, url);
        }
        catch
        {
            await part.DisposeAsync();
            throw;
        }
    }
}

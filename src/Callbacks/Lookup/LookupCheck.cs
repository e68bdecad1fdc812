using System.Globalization;
using Callbacks.Configuration;
using Callbacks.Journal.Pending;

namespace Callbacks.Lookup;

/// <summary>Asks the upstream for an object, as a lookup does.</summary>
sealed class LookupCheck(LookupOptions options, Upstream upstream, TimeProvider timers) : ICheck
{
    /// <summary>Any will do: that there is none of that id is an answer, too.</summary>
    const long AnyId = 1;

    public string Subject => $"{LookupOptions.Section}:{nameof(LookupOptions.BaseUrl)}";

    public async Task<CheckResult?> RunAsync(CancellationToken cancellationToken)
    {
        string url = Setting.Show(options.BaseUrl);
        using var timeout = new CancellationTokenSource(options.AttemptTimeout, timers);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(timeout.Token, cancellationToken);
        LookupResult result;
        long start = timers.GetTimestamp();
        try
        {
            result = await upstream.GetAsync(AnyId, either.Token);
        }
        catch (OperationCanceledException) when (!cancellationToken.IsCancellationRequested)
        {
            return CheckResult.Failed($"{url} did not answer within {Setting.Show(options.AttemptTimeout)} (Lookup:AttemptTimeout). See whether it is overloaded, or allow it more time.");
        }

        if (result.IsAnswer)
            return CheckResult.Ok($"{url} answers, object {AnyId} in {timers.GetElapsedTime(start).TotalMilliseconds.ToString("F0", CultureInfo.InvariantCulture)} ms.");
        return CheckResult.Failed($"{url} {Describe(result.Failure)}");
    }

    static string Describe(LookupFailure failure) => failure switch
    {
        LookupFailure.Connection => "can't be reached. See whether it runs, and whether this machine may connect to it.",
        LookupFailure.Throttled => "answered 429 or 503: it is there, and takes no lookups now. Try again later, or lower Lookup:InFlightMax.",
        LookupFailure.Status => "answered with a status that is neither 200 nor 404. See whether it is the right URL: an object is asked for at {BaseUrl}objects/{id}.",
        _ => "answered something else than {\"id\":<id>,\"online\":true|false}. See whether it is the right URL.",
    };
}

using Callbacks.Configuration;

namespace Callbacks.Lookup;

/// <summary>Section <c>Lookup</c>.</summary>
sealed class LookupOptions : ICheckedOptions
{
    public const string Section = "Lookup";

    /// <summary>An id is looked up at <c>{BaseUrl}objects/{id}</c>.</summary>
    [Allowed("an absolute http or https URL without a query")]
    public Uri BaseUrl { get; set; } = new("http://localhost:9010/");

    /// <summary>Lookups at the same time, each on a connection of its own. Lookups a second are at most this by the upstream's mean latency.</summary>
    [Allowed("1 to 100,000")]
    public int InFlightMax { get; set; } = 2_000;

    /// <summary>A lookup that has not answered by then has failed.</summary>
    [Allowed("00:00:00.1 to 00:05:00")]
    public TimeSpan AttemptTimeout { get; set; } = TimeSpan.FromSeconds(10);

    /// <summary>Longest wait between two attempts of one id.</summary>
    [Allowed("00:00:00.1 to 00:00:10")]
    public TimeSpan BackoffMax { get; set; } = TimeSpan.FromSeconds(5);

    /// <summary>A longer answer is none; the connection is closed.</summary>
    internal const int AnswerBytesMax = 4096;

    public IEnumerable<string> FindErrors()
    {
        // The path of an object is put behind it.
        if (!BaseUrl.IsAbsoluteUri || BaseUrl.Scheme is not ("http" or "https") || BaseUrl.Query.Length > 0 || BaseUrl.Fragment.Length > 0)
            yield return this.Refuse(Section, nameof(BaseUrl), BaseUrl);
        if (InFlightMax is < 1 or > 100_000)
            yield return this.Refuse(Section, nameof(InFlightMax), InFlightMax);
        if (AttemptTimeout < TimeSpan.FromMilliseconds(100) || AttemptTimeout > TimeSpan.FromMinutes(5))
            yield return this.Refuse(Section, nameof(AttemptTimeout), AttemptTimeout);
        // The wheel that waiting retries are in spans 16 s.
        if (BackoffMax < TimeSpan.FromMilliseconds(100) || BackoffMax > TimeSpan.FromSeconds(10))
            yield return this.Refuse(Section, nameof(BackoffMax), BackoffMax);
    }
}

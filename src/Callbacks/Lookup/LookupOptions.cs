using System.ComponentModel.DataAnnotations;

namespace Callbacks.Lookup;

/// <summary>Section <c>Lookup</c>.</summary>
sealed class LookupOptions
{
    public const string Section = "Lookup";

    /// <summary>An id is looked up at <c>{BaseUrl}objects/{id}</c>.</summary>
    [Required]
    public Uri BaseUrl { get; set; } = new("http://localhost:9010/");

    /// <summary>Lookups at the same time, each on a connection of its own. Lookups a second are at most this by the upstream's mean latency.</summary>
    [Range(1, 100_000)]
    public int InFlightMax { get; set; } = 2_000;

    /// <summary>A lookup that has not answered by then has failed.</summary>
    [Range(typeof(TimeSpan), "00:00:00.100", "00:05:00")]
    public TimeSpan AttemptTimeout { get; set; } = TimeSpan.FromSeconds(10);

    /// <summary>Longest wait between two attempts of one id.</summary>
    [Range(typeof(TimeSpan), "00:00:00.100", "00:05:00")]
    public TimeSpan BackoffMax { get; set; } = TimeSpan.FromSeconds(5);

    /// <summary>A longer answer is none; the connection is closed.</summary>
    internal const int AnswerBytesMax = 4096;
}

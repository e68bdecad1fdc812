using System.Globalization;
using Callbacks.View.OpenApi;

namespace Callbacks.View;

/// <summary>The query of <c>GET /objects</c>.</summary>
readonly record struct ObjectPageQuery(bool? Online, long? After, int Limit)
{
    public const int LimitDefault = 100;
    public const int LimitMax = 1_000;

    /// <summary>As the API's description shows them.</summary>
    public static readonly QueryParameter[] Parameters =
    [
        new("online", typeof(bool), "Only those that are online, or only those that are not."),
        new("after", typeof(long), "Only ids above it: `next` of the page before."),
        new("limit", typeof(int), $"Objects in a page: 1 to {LimitMax}, {LimitDefault} when left out."),
    ];

    /// <returns>Null, or one sentence about the first value that can't be used.</returns>
    public static string? Parse(IQueryCollection query, out ObjectPageQuery parsed)
    {
        parsed = new ObjectPageQuery(null, null, LimitDefault);
        if (query.TryGetValue("online", out var online))
        {
            if (!bool.TryParse(online, out bool value))
                return "'online' must be true or false.";
            parsed = parsed with { Online = value };
        }

        if (query.TryGetValue("after", out var after))
        {
            if (!long.TryParse(after, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out long value))
                return "'after' must be a 64-bit integer.";
            parsed = parsed with { After = value };
        }

        if (query.TryGetValue("limit", out var limit))
        {
            if (!int.TryParse(limit, NumberStyles.None, CultureInfo.InvariantCulture, out int value) || value is < 1 or > LimitMax)
                return $"'limit' must be 1 to {LimitMax}.";
            parsed = parsed with { Limit = value };
        }

        return null;
    }
}

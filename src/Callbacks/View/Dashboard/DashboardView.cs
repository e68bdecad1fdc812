using System.Text.Json.Serialization;

namespace Callbacks.View.Dashboard;

/// <summary>One event of <c>GET /dashboard/events</c>: the whole status, and what the plots have to add.</summary>
/// <param name="Now">Service time.</param>
/// <param name="Online">Rows that are online; null when PostgreSQL does not answer.</param>
/// <param name="Rows">Seconds that were not sent yet, oldest first; the first event has all that are kept.</param>
sealed record DashboardView(string Version, string Now, StatusView Status, long? Online, IReadOnlyList<PlotRow> Rows);

/// <summary>Times in seconds since 1970.</summary>
sealed record PlotRow(
    double At, RateView Rates, PercentilesView? ReceiveToStored, PercentilesView? Lookup, PercentilesView? Flush, long Pending, long JournalBytes)
{
    public static PlotRow From(in HistoryRow row) => new(
        row.At.Microseconds / 1e6, row.Rates, row.Distributions.ReceiveToStored, row.Distributions.Lookup, row.Distributions.Flush, row.Pending, row.JournalBytes);
}

[JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.SnakeCaseLower, DefaultIgnoreCondition = JsonIgnoreCondition.Never)]
[JsonSerializable(typeof(DashboardView))]
sealed partial class DashboardJson : JsonSerializerContext;

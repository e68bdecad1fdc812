using System.Text.Json;

namespace Callbacks.SystemTests.Acceptance;

/// <summary>What <c>GET /status</c> shows and these tests read; a figure that is missing fails the test.</summary>
sealed record ServiceStatus
{
    static readonly JsonSerializerOptions Json = new() { PropertyNamingPolicy = JsonNamingPolicy.SnakeCaseLower };

    public required string State { get; init; }

    /// <summary>A sentence for each thing that is not as it should be.</summary>
    public required string[] Reasons { get; init; }

    public required BalanceFigures Balance { get; init; }

    public required CallbackFigures Callbacks { get; init; }

    public required LookupFigures Lookup { get; init; }

    public required PartFigures Postgresql { get; init; }

    public required JournalFigures Journal { get; init; }

    public static ServiceStatus Parse(string json) => JsonSerializer.Deserialize<ServiceStatus>(json, Json)!;

    /// <summary>In sightings.</summary>
    internal sealed record BalanceFigures
    {
        public required long PendingAtStart { get; init; }

        public required long Acknowledged { get; init; }

        public required long Stored { get; init; }

        public required long Offline { get; init; }

        public required long Unknown { get; init; }

        public required long Expired { get; init; }

        public required long Pending { get; init; }

        public required bool IsBalanced { get; init; }
    }

    internal sealed record CallbackFigures
    {
        public required long Acknowledged { get; init; }
    }

    internal sealed record LookupFigures
    {
        public required int InFlight { get; init; }

        public required int InFlightLimit { get; init; }

        public required long Attempts { get; init; }

        public required long Answers { get; init; }

        /// <summary>By kind.</summary>
        public required Dictionary<string, long> Failures { get; init; }
    }

    internal sealed record PartFigures
    {
        public required string State { get; init; }
    }

    internal sealed record JournalFigures
    {
        public required string State { get; init; }

        public required int Segments { get; init; }
    }
}

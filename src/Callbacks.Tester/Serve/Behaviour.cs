using System.Text.Json;
using System.Text.Json.Nodes;
using System.Text.Json.Serialization;

namespace Callbacks.Tester.Serve;

/// <summary>What a lookup gets instead of a good answer.</summary>
enum Misbehaviour
{
    None,
    Error,
    Status,
    Hang,
    NotFound,
    TooMany,
    WrongId,
    Malformed,
    Endless,
    Reset,
    Trickle,
    Redirect,
    Large,
    Cut,
}

/// <summary>
/// How the upstream behaves: the fields of <c>PUT /control</c>, in snake case. A rate is the share of lookups, 0 to 1, that get this
/// instead of a good answer; the rates together are 1 at most.
/// </summary>
sealed record Behaviour
{
    static readonly JsonSerializerOptions Json = new()
    {
        PropertyNamingPolicy = JsonNamingPolicy.SnakeCaseLower,
        UnmappedMemberHandling = JsonUnmappedMemberHandling.Disallow,
    };

    public int LatencyMinMs { get; init; } = 300;

    /// <summary>Inclusive. Errors take as long as answers do.</summary>
    public int LatencyMaxMs { get; init; } = 4_299;

    /// <summary>Seed of answers that change over time; null: even ids are online, odd ones offline.</summary>
    public ulong? Changing { get; init; }

    /// <summary>Answers 500.</summary>
    public double ErrorRate { get; init; }

    /// <summary>The status for <see cref="StatusRate"/>. A 3xx comes with a Location that leads to the same place.</summary>
    public int Status { get; init; } = 400;

    public double StatusRate { get; init; }

    /// <summary>Never answered; the request is held until the client gives up.</summary>
    public double HangRate { get; init; }

    /// <summary>Answers 404.</summary>
    public double NotFoundRate { get; init; }

    /// <summary>Answers 429.</summary>
    public double TooManyRate { get; init; }

    /// <summary>Sent as it is, also nonsense, with each 429 and 503.</summary>
    public string? RetryAfter { get; init; }

    /// <summary>A good answer about the next id.</summary>
    public double WrongIdRate { get; init; }

    /// <summary>A body that is half JSON, no JSON, or lacks what it needs.</summary>
    public double MalformedRate { get; init; }

    /// <summary>A body that goes on until the client has had enough.</summary>
    public double EndlessRate { get; init; }

    /// <summary>The connection is reset instead of an answer.</summary>
    public double ResetRate { get; init; }

    /// <summary>A good answer, a byte every 200 ms.</summary>
    public double TrickleRate { get; init; }

    /// <summary>Answers 302 with a Location that leads to the same place.</summary>
    public double RedirectRate { get; init; }

    /// <summary>A good answer, and white space up to 10 MiB behind it, its length said.</summary>
    public double LargeRate { get; init; }

    /// <summary>The connection is reset in the middle of the body, its length said.</summary>
    public double CutRate { get; init; }

    /// <summary>
    /// Refuses connections, and resets those there are, until <see cref="AwaySeconds"/> have passed or a PUT says otherwise.
    /// </summary>
    public bool Away { get; init; }

    /// <summary>0: until told otherwise.</summary>
    public double AwaySeconds { get; init; }

    /// <summary>One roll, from 0 up to 1, decides what a lookup gets.</summary>
    public Misbehaviour Decide(double roll)
    {
        foreach ((Misbehaviour misbehaviour, double rate) in Rates())
        {
            if (roll < rate)
                return misbehaviour;
            roll -= rate;
        }

        return Misbehaviour.None;
    }

    /// <summary>What is wrong with it, or null.</summary>
    public string? Problem() => this switch
    {
        { LatencyMinMs: < 0 } => "latency_min_ms must be 0 or more",
        { LatencyMaxMs: > 3_600_000 } => "latency_max_ms must be 3600000 or less",
        _ when LatencyMaxMs < LatencyMinMs => "latency_max_ms must be latency_min_ms or more",
        { Status: < 200 or > 599 } => "status must be 200 to 599",
        { AwaySeconds: < 0 or > 86_400 } => "away_seconds must be 0 to 86400",
        _ when Rates().Any(rate => rate.Rate is not (>= 0 and <= 1)) => "each rate must be 0 to 1",
        _ when Rates().Sum(rate => rate.Rate) > 1.000_001 => "the rates together must be 1 or less",
        _ => null,
    };

    public string ToJson() => JsonSerializer.Serialize(this, Json);

    /// <summary>This, with the fields that the JSON names changed.</summary>
    /// <exception cref="JsonException">No JSON object, an unknown field, or a value of the wrong kind.</exception>
    public Behaviour With(string json)
    {
        JsonObject fields = JsonSerializer.SerializeToNode(this, Json)!.AsObject();
        if (JsonNode.Parse(json) is not JsonObject changes)
            throw new JsonException("A JSON object is wanted.");
        foreach ((string name, JsonNode? value) in changes)
            fields[name] = value?.DeepClone();
        return fields.Deserialize<Behaviour>(Json)!;
    }

    (Misbehaviour Misbehaviour, double Rate)[] Rates() =>
    [
        (Misbehaviour.Error, ErrorRate),
        (Misbehaviour.Status, StatusRate),
        (Misbehaviour.Hang, HangRate),
        (Misbehaviour.NotFound, NotFoundRate),
        (Misbehaviour.TooMany, TooManyRate),
        (Misbehaviour.WrongId, WrongIdRate),
        (Misbehaviour.Malformed, MalformedRate),
        (Misbehaviour.Endless, EndlessRate),
        (Misbehaviour.Reset, ResetRate),
        (Misbehaviour.Trickle, TrickleRate),
        (Misbehaviour.Redirect, RedirectRate),
        (Misbehaviour.Large, LargeRate),
        (Misbehaviour.Cut, CutRate),
    ];
}

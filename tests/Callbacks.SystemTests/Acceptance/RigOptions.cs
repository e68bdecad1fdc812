namespace Callbacks.SystemTests.Acceptance;

/// <summary>How a trial is set up.</summary>
sealed record RigOptions
{
    public int Services { get; init; } = 1;

    /// <summary>Whether connections wait while a service is down instead of being refused.</summary>
    public bool IsSocketHeld { get; init; }

    public TimeSpan Retention { get; init; } = TimeSpan.FromSeconds(30);

    /// <summary>A sighting may expire for an outage only if its life had no stretch as long as this without one.</summary>
    public TimeSpan Able { get; init; } = TimeSpan.FromSeconds(15);

    public int InFlightMax { get; init; } = 2_000;

    public int PostgresConnectionsMax { get; init; } = 300;

    /// <summary>Whether the services reach PostgreSQL through <see cref="ServiceRig.Proxy"/> only.</summary>
    public bool IsPostgresBehindProxy { get; init; }

    /// <summary>Of <c>tester serve</c>.</summary>
    public string[] Upstream { get; init; } = [];

    /// <summary>More of the service's own; the last word counts.</summary>
    public string[] Service { get; init; } = [];

    /// <summary>A command that runs the service.</summary>
    public string[] Within { get; init; } = [];

    /// <summary>Whether nobody else may begin while the rows go: how late they go is judged.</summary>
    public bool KeepsTurn { get; init; }
}

namespace Callbacks.SystemTests.Acceptance;

/// <summary>200 callbacks a second of 100 ids each, whose objects change all the time.</summary>
static class FullLoad
{
    const int InFlightMax = 8_000;

    public static RigOptions Options(Random random, TimeSpan retention, bool keepsTurn) => new()
    {
        Retention = retention,
        Able = retention / 2,
        InFlightMax = InFlightMax,
        IsSocketHeld = true,
        KeepsTurn = keepsTurn,
        Upstream = ["--changing", $"{random.Next()}", "--seed", $"{random.Next()}"],
    };

    public static string[] Sender(Random random, int ids) => ["--rate", "200", "--ids", "100", "--id-range", $"{ids}", "--seed", $"{random.Next()}"];
}

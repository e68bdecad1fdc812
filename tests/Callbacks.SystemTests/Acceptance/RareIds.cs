namespace Callbacks.SystemTests.Acceptance;

/// <summary>
/// A sender beside another, of ids that are named once: where an id is named again and again, the next sighting covers up for one that was
/// lost, and no verdict can see it.
/// </summary>
static class RareIds
{
    public static string[] Sender(Random random) => ["--rate", "20", "--ids", "20", "--id-range", "1000000-100000000", "--seed", $"{random.Next()}"];
}

using System.Globalization;

namespace Callbacks.SystemTests.Acceptance;

static class Seed
{
    /// <summary>Printed; <c>CALLBACK_SEED</c> replays it.</summary>
    public static Random Draw(ITestOutputHelper output)
    {
        int seed = int.TryParse(Environment.GetEnvironmentVariable("CALLBACK_SEED"), CultureInfo.InvariantCulture, out int given) ? given : new Random().Next();
        output.WriteLine($"CALLBACK_SEED={seed}");
        return new Random(seed);
    }
}

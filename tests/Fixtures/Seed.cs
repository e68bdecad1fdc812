using System.Globalization;

namespace Callbacks.Fixtures;

/// <summary>Where a test's randomness comes from.</summary>
static class Seed
{
    /// <summary>A generator whose seed is printed; <c>./callback test --seed N</c> replays it.</summary>
    public static Random Draw(ITestOutputHelper output)
    {
        int seed = Number();
        output.WriteLine($"--seed {seed}");
        return new Random(seed);
    }

    /// <summary>The number itself, for those who say it in a failure's message.</summary>
    public static int Number() =>
        int.TryParse(Environment.GetEnvironmentVariable("CALLBACK_SEED"), CultureInfo.InvariantCulture, out int given) ? given : new Random().Next();
}

using Callbacks.Fixtures;
using Callbacks.SystemTests.Acceptance;

namespace Callbacks.SystemTests.BrokenBuilds;

/// <summary>A test that can't fail is worth nothing: whatever breaks a promise has to be noticed.</summary>
[Alone]
public sealed class BrokenBuildTests(ITestOutputHelper output)
{
    const string Faults = """
        acknowledge before the flush; ignore a flush error; no directory flush for a new segment; ignore a checksum; forget a segment before
        PostgreSQL committed; settle a batch that failed; take the time of the lookup instead of the time of receiving; let an old answer
        overwrite a newer one; sweep without looking at what is pending; share a lookup that had started before the callback; drop when a
        queue is full; rewrite a block that holds an acknowledged frame
        """;

    [Fact]
    public void Each_breach_has_its_build_and_the_code_that_it_breaks_is_there()
    {
        Assert.Equal(Faults.ReplaceLineEndings(" ").Split("; "), Breaches.All.Select(build => build.Name), StringComparer.Ordinal);
        Assert.All(Breaches.All, build => Assert.Single(Laboratory.SourceOf(build).Split(build.Find)[1..]));
    }

    [Fact]
    public void Each_test_that_has_to_catch_a_build_is_there()
    {
        string[] sources = [.. Directory.EnumerateFiles(Path.Combine(Repository.Folder, "tests"), "*Tests.cs", SearchOption.AllDirectories).Select(File.ReadAllText)];
        Assert.All(Breaches.All.SelectMany(build => build.CaughtBy), test => Assert.True(IsThere(test), $"{test} is no test."));

        bool IsThere(string test)
        {
            string[] parts = test.Split('.');
            return Array.Exists(sources, source =>
                source.Contains($"class {parts[0]}", StringComparison.Ordinal) && source.Contains($" {parts[1]}(", StringComparison.Ordinal));
        }
    }

    [Fact(Explicit = true)]
    public async Task Every_broken_build_is_caught_by_every_test_that_has_to()
    {
        using var laboratory = new Laboratory();
        await laboratory.BuildAsync();
        string[] catchers = [.. Breaches.All.SelectMany(build => build.CaughtBy).Distinct(StringComparer.Ordinal)];
        TestRun whole = await laboratory.RunAsync(catchers);
        Assert.All(catchers, test => Assert.True(whole.HasPassed(test), whole.Describe(test)));

        var missed = new List<string>();
        int notCaught = 0;
        foreach (BrokenBuild build in Breaches.All)
        {
            long start = TimeProvider.System.GetTimestamp();
            await laboratory.BuildAsync(build);
            TestRun broken = await laboratory.RunAsync(build.CaughtBy);
            string[] blind = [.. build.CaughtBy.Where(test => !broken.HasFailed(test)).Select(broken.Describe)];
            missed.AddRange(blind.Select(test => $"{build.Name}: {test}"));
            notCaught += blind.Length > 0 ? 1 : 0;
            output.WriteLine($"{build.Name}: {build.CaughtBy.Length - blind.Length} of {build.CaughtBy.Length} tests fail, {TimeProvider.System.GetElapsedTime(start).TotalSeconds:F1} s");
        }

        Figures.Add("broken builds", Breaches.All.Length, notCaught, "not caught");
        Assert.Empty(missed);
    }
}

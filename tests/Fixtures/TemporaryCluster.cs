using System.Globalization;
using Callbacks.Local;

namespace Callbacks.Fixtures;

/// <summary>A PostgreSQL for one test, which may stop and kill it. Its folder goes with it.</summary>
sealed class TemporaryCluster : IAsyncDisposable
{
    const string FolderPrefix = "callback-test-";

    // Making a cluster takes seconds, and copying one a fraction of one.
    static readonly Lazy<Task<string>> Model = new(MakeModelAsync);
    static int _count;

    readonly string _folder;

    TemporaryCluster(string folder, PrivateCluster cluster)
    {
        _folder = folder;
        Cluster = cluster;
    }

    public PrivateCluster Cluster { get; }

    /// <summary>Skips the calling test when PostgreSQL is not installed; fails it in CI.</summary>
    public static async Task<TemporaryCluster> StartAsync(int connectionsMax = 300)
    {
        string folder = FolderOf($"{Interlocked.Increment(ref _count)}");
        var cluster = new PrivateCluster(folder, FreePort.Take())
        {
            Settings = new Dictionary<string, string>(StringComparer.Ordinal) { ["max_connections"] = $"{connectionsMax}" },
        };
        var temporary = new TemporaryCluster(folder, cluster);
        try
        {
            await CopyAsync(await Model.Value, folder);
            await cluster.StartAsync();
        }
        catch (MissingServerException e) when (Environment.GetEnvironmentVariable("CI") is not "true")
        {
            Assert.Skip(e.Message);
        }
        catch
        {
            await temporary.DisposeAsync();
            throw;
        }

        return temporary;
    }

    public async ValueTask DisposeAsync()
    {
        await Cluster.StopImmediatelyAsync();
        if (Directory.Exists(_folder))
            Directory.Delete(_folder, recursive: true);
    }

    /// <summary>At the end of a test run.</summary>
    public static async Task RemoveModelAsync()
    {
        if (Model is { IsValueCreated: true, Value.IsCompletedSuccessfully: true })
            Directory.Delete(await Model.Value, recursive: true);
    }

    static string FolderOf(string name) => Path.Combine(Path.GetTempPath(), $"{FolderPrefix}{Environment.ProcessId}-{name}");

    static async Task<string> MakeModelAsync()
    {
        RemoveLeftOvers();
        string folder = FolderOf("model");
        // Stopped in good order before anybody copies it.
        await using var cluster = new PrivateCluster(folder, FreePort.Take());
        await cluster.StartAsync();
        return folder;
    }

    /// <summary>With owners and modes, on which PostgreSQL insists.</summary>
    static async Task CopyAsync(string model, string folder)
    {
        (int exitCode, string said) = await ChildProcess.RunAsync(new ChildStart("cp", "-a", model, folder));
        Assert.True(exitCode == 0, $"cp ended with {exitCode}: {said}");
    }

    // A test run that was killed could not tidy up.
    static void RemoveLeftOvers()
    {
        foreach (string folder in Directory.GetDirectories(Path.GetTempPath(), FolderPrefix + "*"))
        {
            string id = Path.GetFileName(folder)[FolderPrefix.Length..].Split('-')[0];
            // Whose name has no process may belong to one that runs.
            if (!int.TryParse(id, NumberStyles.None, CultureInfo.InvariantCulture, out _) || Directory.Exists($"/proc/{id}"))
                continue;
            try
            {
                Directory.Delete(folder, recursive: true);
            }
            catch (Exception e) when (e is IOException or UnauthorizedAccessException)
            {
                // Somebody else's, or another run is tidying up as well.
            }
        }
    }
}

namespace Callbacks.SystemTests.Acceptance;

/// <summary>The file that tells the verdict what was broken on purpose, and when.</summary>
sealed class Outages(string path)
{
    readonly Lock _lock = new();

    public string Path => path;

    /// <param name="kind"><c>service</c> or <c>postgres</c>; the upstream's own log says when it was away.</param>
    /// <param name="outage">From breaking it to having it back.</param>
    public async Task RecordAsync(string kind, Func<Task> outage)
    {
        DateTimeOffset start = TimeProvider.System.GetUtcNow();
        await outage();
        Record(start, TimeProvider.System.GetUtcNow(), kind);
    }

    public void Record(DateTimeOffset start, DateTimeOffset end, string kind)
    {
        lock (_lock)
            File.AppendAllText(path, $"{start:O},{end:O},{kind}\n");
    }
}

using Callbacks.Configuration;
using Callbacks.Journal;
using Callbacks.Journal.Disk;
using Callbacks.Journal.Log;

namespace Callbacks.Tests.Journal;

public sealed class JournalCheckTests : IDisposable
{
    readonly string _folder = Directory.CreateTempSubdirectory("callback-test-check-").FullName;

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    [Fact]
    public async Task A_folder_that_is_not_there_is_not_made()
    {
        CheckResult result = await CheckAsync(Path.Combine(_folder, "new", "journal"));
        Assert.True(result.IsOk, result.Text);
        Assert.Empty(Directory.EnumerateFileSystemEntries(_folder));
    }

    [Fact]
    public async Task A_file_in_the_way_is_named()
    {
        string file = Path.Combine(_folder, "file");
        await File.WriteAllTextAsync(file, "");
        CheckResult result = await CheckAsync(Path.Combine(file, "journal"));
        Assert.False(result.IsOk);
        Assert.Contains($"'{file}' is a file.", result.Text, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_lock_that_somebody_holds_is_told_and_stays_as_it_is()
    {
        using (var disk = new LinuxDisk(_folder))
        {
            Assert.True(disk.TryLock());
            CheckResult held = await CheckAsync(_folder);
            Assert.True(held.IsOk, held.Text);
            Assert.Contains("is in use by a running service", held.Text, StringComparison.Ordinal);
        }

        CheckResult free = await CheckAsync(_folder);
        Assert.Contains("nobody uses it", free.Text, StringComparison.Ordinal);
        using var next = new LinuxDisk(_folder);
        Assert.True(next.TryLock());
    }

    [Fact]
    public async Task A_segment_that_is_deleted_meanwhile_is_no_reason()
    {
        // Listed, and not there when it is asked for: so is a link to nothing.
        File.CreateSymbolicLink(Path.Combine(_folder, Segment.NameOf(1)), Path.Combine(_folder, "deleted"));
        CheckResult result = await CheckAsync(_folder);
        Assert.True(result.IsOk, result.Text);
    }

    static async Task<CheckResult> CheckAsync(string folder) =>
        (await new JournalCheck(new JournalOptions { Directory = folder, SegmentBytes = 64 << 10 }).RunAsync(CancellationToken.None))!;
}

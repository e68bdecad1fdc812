using System.Runtime.Versioning;
using Callbacks.Local;
using Callbacks.SystemTests.Acceptance;

namespace Callbacks.SystemTests.Faults;

/// <summary>A folder that can't be a journal's refuses the start with a message that says what to do. The driver opens it as the service does.</summary>
[SupportedOSPlatform("linux")]
public sealed class JournalFolderTests : IDisposable
{
    readonly string _folder = Directory.CreateTempSubdirectory($"callback-test-{Environment.ProcessId}-folder-").FullName;

    string Journal => Path.Combine(_folder, "journal");

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    [Fact]
    public async Task A_folder_that_is_missing_is_made_with_those_above_it()
    {
        string deep = Path.Combine(Journal, "below", "another");
        DriverLife life = await DriverLife.RunAsync(deep, first: 1, rounds: 0);
        Assert.True(life.ExitCode == 0, life.Transcript);
        Assert.True(File.Exists(Path.Combine(deep, "lock")));
    }

    [Fact]
    public async Task A_file_in_the_place_of_the_folder_refuses_the_start_and_is_left_alone()
    {
        await File.WriteAllTextAsync(Journal, "Something else.");
        await AssertRefusedAsync(Driver());
        Assert.Equal("Something else.", await File.ReadAllTextAsync(Journal));
    }

    [Fact]
    public async Task A_folder_that_may_not_be_written_to_refuses_the_start()
    {
        Directory.CreateDirectory(Journal, UnixFileMode.UserRead | UnixFileMode.UserExecute);
        await AssertRefusedAsync(WithoutPrivileges());
        Assert.Empty(Directory.EnumerateFileSystemEntries(Journal));
    }

    [Fact]
    public async Task A_folder_that_is_not_ours_refuses_the_start()
    {
        Root.Require();
        Directory.CreateDirectory(Journal, UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute);
        Assert.Equal(0, (await ChildProcess.RunAsync(new ChildStart("chown", "nobody", Journal))).ExitCode);
        await AssertRefusedAsync(WithoutPrivileges());
    }

    [Fact]
    public async Task A_read_only_file_system_refuses_the_start()
    {
        Root.Require();
        Directory.CreateDirectory(Journal);
        await AssertRefusedAsync(Programs.Within(["unshare", "--mount", "sh", "-c", "mount -t tmpfs -o ro none \"$0\" && exec \"$@\"", Journal], Driver()));
    }

    ChildStart Driver() => Programs.JournalDriver(Journal, "1", "0");

    // Root's own may do what the folder's mode forbids.
    ChildStart WithoutPrivileges() => Root.IsRoot ? Programs.Within(["setpriv", "--bounding-set", "-dac_override,-dac_read_search", "--"], Driver()) : Driver();

    async Task AssertRefusedAsync(ChildStart driver)
    {
        DriverLife life = await DriverLife.RunAsync(driver);
        Assert.True(life.ExitCode == DriverLife.Unusable, $"{life.ExitCode}: {life.Transcript}");
        string line = Assert.Single(life.Lines);
        Assert.StartsWith($"Journal:Directory '{Journal}' can't be used: ", line, StringComparison.Ordinal);
        Assert.Contains("Make it a folder that this user may write to", line, StringComparison.Ordinal);
    }
}

using Callbacks.Local;

namespace Callbacks.SystemTests.Faults;

/// <summary>A disk of 64 MiB in a mount namespace of its own, which goes with the process that holds it. Programs run within see it; the test reaches in.</summary>
sealed class SmallDisk : IAsyncDisposable
{
    const int ChunkBytes = 64 << 10;

    static readonly TimeSpan Deadline = TimeSpan.FromSeconds(20);

    readonly string _folder = Directory.CreateTempSubdirectory($"callback-test-{Environment.ProcessId}-disk-").FullName;
    readonly ChildProcess _holder;

    SmallDisk(TaskCompletionSource mounted) => _holder = ChildProcess.Start(
        new ChildStart("unshare", "--mount", "sh", "-c", "mount -t tmpfs -o size=64m none \"$0\" && echo mounted && exec sleep 600", _folder) { OnLine = _ => mounted.TrySetResult() });

    /// <summary>For a program within.</summary>
    public string Journal => Path.Combine(_folder, "journal");

    /// <summary>To put before a program.</summary>
    public string[] Enter => ["nsenter", $"--target={_holder.Id}", "--mount", "--"];

    string Ballast => $"/proc/{_holder.Id}/root{_folder}/ballast";

    public static async Task<SmallDisk> MountAsync()
    {
        Root.Require();
        var mounted = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        var disk = new SmallDisk(mounted);
        await mounted.Task.WaitAsync(Deadline);
        return disk;
    }

    /// <summary>Leaves that much room, or none.</summary>
    public void Fill(long bytesLeft)
    {
        using var ballast = new FileStream(Ballast, FileMode.Append, FileAccess.Write, FileShare.None, bufferSize: 0);
        try
        {
            while (new DriveInfo(Path.GetDirectoryName(Ballast)!).AvailableFreeSpace > bytesLeft)
                ballast.Write(new byte[ChunkBytes]);
        }
        catch (IOException)
        {
            // It's full.
        }
    }

    public void Empty() => File.Delete(Ballast);

    public async ValueTask DisposeAsync()
    {
        await _holder.DisposeAsync();
        Directory.Delete(_folder);
    }
}

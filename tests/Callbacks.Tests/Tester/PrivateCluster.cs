using System.Diagnostics;

namespace Callbacks.Tests.Tester;

/// <summary>A PostgreSQL of the test's own, on a unix socket in a folder of its own.</summary>
sealed class PrivateCluster : IAsyncDisposable
{
    readonly string _programs;
    readonly string _folder = Directory.CreateTempSubdirectory("pg-").FullName;

    PrivateCluster(string programs) => _programs = programs;

    public string ConnectionString => $"Host={_folder};Username=postgres;Database=postgres;Pooling=false";

    /// <summary>Skips the test where PostgreSQL isn't installed, but not in CI.</summary>
    public static async Task<PrivateCluster> StartAsync()
    {
        string? programs = Directory.Exists("/usr/lib/postgresql")
            ? Directory.GetDirectories("/usr/lib/postgresql").Select(version => Path.Combine(version, "bin")).Where(Directory.Exists).Max(StringComparer.Ordinal)
            : null;
        Assert.SkipWhen(programs is null && Environment.GetEnvironmentVariable("CI") is null, "PostgreSQL's server programs are not installed.");
        var cluster = new PrivateCluster(programs!);
        if (Environment.IsPrivilegedProcess)
            await RunAsync("chown", "postgres", cluster._folder);
        await cluster.AsPostgresAsync("initdb", "-D", $"{cluster._folder}/data", "-A", "trust", "-U", "postgres");
        await cluster.StartServerAsync();
        return cluster;
    }

    public Task StartServerAsync() => AsPostgresAsync(
        "pg_ctl", "-D", $"{_folder}/data", "-w", "-l", $"{_folder}/log", "-o", $"-k {_folder} -c listen_addresses=''", "start");

    public Task StopAtOnceAsync() => AsPostgresAsync("pg_ctl", "-D", $"{_folder}/data", "-m", "immediate", "-w", "stop");

    public async ValueTask DisposeAsync()
    {
        await StopAtOnceAsync();
        Directory.Delete(_folder, recursive: true);
    }

    /// <summary>PostgreSQL refuses to run as root.</summary>
    Task AsPostgresAsync(string program, params string[] arguments) => Environment.IsPrivilegedProcess
        ? RunAsync("setpriv", ["--reuid=postgres", "--regid=postgres", "--init-groups", Path.Combine(_programs, program), .. arguments])
        : RunAsync(Path.Combine(_programs, program), arguments);

    static async Task RunAsync(string program, params string[] arguments)
    {
        // The server inherits the output streams and keeps them open, so nothing may wait for their end.
        using Process process = Process.Start(new ProcessStartInfo("/bin/sh", ["-c", "exec \"$@\" >/dev/null 2>&1", "sh", program, .. arguments]))!;
        await process.WaitForExitAsync();
        Assert.True(process.ExitCode == 0, $"{program} {string.Join(' ', arguments)} ended with {process.ExitCode}.");
    }
}

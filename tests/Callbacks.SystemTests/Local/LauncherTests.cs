using Callbacks.Fixtures;
using Callbacks.Local;

namespace Callbacks.SystemTests.Local;

/// <summary>The launcher itself, with a script in the place of the SDK.</summary>
public sealed class LauncherTests : IDisposable
{
    const string Sdk = """
        #!/bin/sh
        # As .NET does on a machine without ICU.
        [ "${DOTNET_SYSTEM_GLOBALIZATION_INVARIANT:-}" = 1 ] || { echo "Couldn't find a valid ICU package." >&2; exit 134; }
        case $1 in
          --version) echo 10.0.100 ;;
          build | publish)
            echo "$1 begins" >>notes
            sleep 0.3
            for program in artifacts/service/callback src/Callbacks.Tester/bin/Release/net10.0/callback-tester src/Callbacks.Local/bin/Release/net10.0/callback-local; do
              mkdir -p "$(dirname "$program")"
              : >"$program.dll"
            done
            echo "$1 ends" >>notes
            ;;
          exec) ;;
          *) echo "runs $2" ;;
        esac
        """;

    readonly string _folder = Directory.CreateTempSubdirectory("callback-test-launcher-").FullName;

    public LauncherTests()
    {
        File.Copy(Path.Combine(Repository.Folder, "callback"), Path.Combine(_folder, "callback"));
        Directory.CreateDirectory(Path.Combine(_folder, "src"));
        File.WriteAllText(Path.Combine(_folder, "src", "Program.cs"), "");
        string sdk = Path.Combine(Directory.CreateDirectory(Path.Combine(_folder, "bin")).FullName, "dotnet");
        // A program as the launcher is one.
        File.Copy(Path.Combine(Repository.Folder, "callback"), sdk);
        File.WriteAllText(sdk, Sdk.ReplaceLineEndings("\n"));
    }

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    [Fact]
    public async Task Of_several_that_are_begun_at_once_one_builds_and_all_run()
    {
        (int Code, string Said)[] ends = await Task.WhenAll(RunAsync("config"), RunAsync("check"), RunAsync("ready"));
        Assert.All(ends, end => Assert.True(end.Code == 0, end.Said));
        Assert.Equal(["runs check", "runs config", "runs ready"], ends.Select(end => end.Said.Split('\n')[^1]).Order(StringComparer.Ordinal), StringComparer.Ordinal);
        Assert.Equal(["build begins", "build ends", "publish begins", "publish ends"], await File.ReadAllLinesAsync(Path.Combine(_folder, "notes")), StringComparer.Ordinal);
    }

    Task<(int Code, string Said)> RunAsync(string command) => ChildProcess.RunAsync(new ChildStart("/bin/sh", Path.Combine(_folder, "callback"), command)
    {
        Environment = new Dictionary<string, string?>(StringComparer.Ordinal) { ["PATH"] = $"{_folder}/bin:/usr/bin:/bin", ["DOTNET_ROOT"] = null, ["HOME"] = _folder },
    });
}

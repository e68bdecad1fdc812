using System.Globalization;
using System.Text.RegularExpressions;
using Callbacks.Intake;
using Callbacks.Tests.Support;

namespace Callbacks.Tests.Deploy;

public sealed partial class UnitFileTests
{
    /// <summary>systemd's own scale: up to 2 is "OK", 10 is "dangerous". A directive that is taken away adds 0.1 to 0.5.</summary>
    const double ExposureMax = 1.5;

    [Fact]
    public async Task The_units_are_to_the_taste_of_systemd()
    {
        RequireSystemd();
        string folder = Directory.CreateTempSubdirectory("callback-test-units-").FullName;
        try
        {
            // All is as it will be, but for the program, which isn't installed here.
            string service = string.Join('\n', DeployFiles.Lines("systemd/callback.service")).Replace("/opt/callback/current/callback", "/bin/true", StringComparison.Ordinal);
            await File.WriteAllTextAsync(Path.Combine(folder, "callback.service"), service + '\n');
            File.Copy(Path.Combine(DeployFiles.Folder, "systemd/callback.socket"), Path.Combine(folder, "callback.socket"));
            (int code, string said) = await Tool.RunAsync("systemd-analyze", ["verify", Path.Combine(folder, "callback.service"), Path.Combine(folder, "callback.socket")]);
            // It may have something to say about other units of the machine.
            Assert.True(code == 0 && !said.Contains("callback.", StringComparison.Ordinal), said);
        }
        finally
        {
            Directory.Delete(folder, recursive: true);
        }
    }

    [Fact]
    public async Task The_service_is_hardened()
    {
        RequireSystemd();
        (int code, string said) = await Tool.RunAsync(
            "systemd-analyze", ["security", "--no-pager", "--offline=yes", Path.Combine(DeployFiles.Folder, "systemd/callback.service")]);
        Match exposure = Exposure().Match(said);
        Assert.True(code == 0 && exposure.Success && double.Parse(exposure.Groups["level"].Value, CultureInfo.InvariantCulture) <= ExposureMax, said);
    }

    [Fact]
    public void Bodies_that_are_not_complete_take_half_of_its_memory_at_most()
    {
        var intake = new IntakeOptions();
        Assert.Contains("MemoryMax=2G", DeployFiles.Lines("systemd/callback.service"), StringComparer.Ordinal);
        Assert.InRange((long)intake.ConnectionsMax * intake.BodyBytesMax, 1, 1L << 30);
    }

    [Fact]
    public void Its_settings_are_real_ones()
    {
        IEnumerable<string> names = DeployFiles.Lines("systemd/callback.service").Where(line => line.StartsWith("Environment=", StringComparison.Ordinal)).Select(line => line["Environment=".Length..])
            .Concat(DeployFiles.Lines("systemd/callback.env").Where(line => line.Length > 0 && line[0] != '#')).Select(line => line.Split('=')[0]);
        Assert.Empty(ConfigurationKeys.FindUnknown(names));
    }

    static void RequireSystemd()
    {
        if (File.Exists("/usr/bin/systemd-analyze"))
            return;
        const string Message = "systemd-analyze is needed: install it (Debian: apt-get install systemd).";
        Assert.SkipWhen(Environment.GetEnvironmentVariable("CI") is not "true", Message);
        Assert.Fail(Message);
    }

    [GeneratedRegex(@"Overall exposure level for callback\.service: (?<level>[\d.]+)", RegexOptions.ExplicitCapture, matchTimeoutMilliseconds: 1000)]
    private static partial Regex Exposure();
}

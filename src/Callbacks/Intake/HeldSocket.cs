using System.Globalization;

namespace Callbacks.Intake;

/// <summary>A listening socket that the process was started with, by systemd or by whoever does as systemd does (sd_listen_fds(3)).</summary>
static class HeldSocket
{
    /// <summary>The condition under which Kestrel's <c>UseSystemd</c> listens on it.</summary>
    public static bool IsGiven =>
        string.Equals(Environment.GetEnvironmentVariable("LISTEN_PID"), Environment.ProcessId.ToString(CultureInfo.InvariantCulture), StringComparison.Ordinal)
        && int.TryParse(Environment.GetEnvironmentVariable("LISTEN_FDS"), NumberStyles.None, CultureInfo.InvariantCulture, out int count)
        && count > 0;
}

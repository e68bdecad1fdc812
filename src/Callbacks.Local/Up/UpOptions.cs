using System.Globalization;

namespace Callbacks.Local.Up;

/// <summary>What <c>up</c> was asked for. The two programs are the launcher's to name, the rest is the user's.</summary>
sealed record UpOptions
{
    const int UsageError = 64;

    /// <summary>callback.dll</summary>
    public required string Service { get; init; }

    /// <summary>callback-tester.dll</summary>
    public required string Tester { get; init; }

    /// <summary>Everything that is kept is kept here.</summary>
    public required string Home { get; init; }

    public int Port { get; init; } = 9090;

    public int TesterPort { get; init; } = 9010;

    /// <summary>Not 5432, where another PostgreSQL may be, and below Linux' range for outgoing connections, one of which might have it.</summary>
    public int PostgreSqlPort { get; init; } = 25432;

    public static UpOptions Parse(string[] arguments)
    {
        var options = new UpOptions { Service = "", Tester = "", Home = DefaultHome() };
        for (int i = 0; i < arguments.Length; i += 2)
        {
            string value = i + 1 < arguments.Length ? arguments[i + 1] : throw Unusable($"{arguments[i]} needs a value");
            options = arguments[i] switch
            {
                "--service" => options with { Service = value },
                "--tester" => options with { Tester = value },
                "--port" => options with { Port = ParsePort(arguments[i], value) },
                "--tester-port" => options with { TesterPort = ParsePort(arguments[i], value) },
                "--postgresql-port" => options with { PostgreSqlPort = ParsePort(arguments[i], value) },
                _ => throw Unusable($"{arguments[i]} is not known"),
            };
        }

        foreach (string program in new[] { options.Service, options.Tester })
        {
            if (!File.Exists(program))
                throw Unusable($"--service and --tester must name built programs, '{program}' is none (./callback up does that)");
        }

        return options;
    }

    static string DefaultHome()
    {
        if (Environment.GetEnvironmentVariable("CALLBACK_HOME") is { Length: > 0 } home)
            return Path.GetFullPath(home);
        if (Environment.IsPrivilegedProcess)
            return "/var/lib/callback";
        string state = Environment.GetEnvironmentVariable("XDG_STATE_HOME") is { Length: > 0 } chosen
            ? chosen
            : Path.Combine(Environment.GetFolderPath(Environment.SpecialFolder.UserProfile), ".local/state");
        return Path.Combine(state, "callback");
    }

    static int ParsePort(string flag, string value) =>
        int.TryParse(value, NumberStyles.None, CultureInfo.InvariantCulture, out int port) && port is > 0 and <= 65535
            ? port
            : throw Unusable($"{flag} is a number from 1 to 65535, not '{value}'");

    static LocalException Unusable(string what) =>
        new($"up: {what}. Options: --port 9090, --tester-port 9010, --postgresql-port 25432.") { ExitCode = UsageError };
}

namespace Callbacks.Local;

/// <summary>The folder that holds PostgreSQL's <c>postgres</c> and <c>initdb</c>.</summary>
sealed record ServerPrograms(string Folder)
{
    // Distributions keep the server programs out of PATH, a folder for each major version.
    static readonly string[] Distributions = ["/usr/lib/postgresql", "/usr/lib/postgresql-server", "/opt/postgresql"];

    public string Postgres => Path.Combine(Folder, "postgres");

    public string Initdb => Path.Combine(Folder, "initdb");

    /// <summary>Every folder that holds both programs: those on PATH, then the distribution's, newest version first.</summary>
    public static IEnumerable<ServerPrograms> FindAll()
    {
        IEnumerable<string> onPath = (Environment.GetEnvironmentVariable("PATH") ?? "").Split(':', StringSplitOptions.RemoveEmptyEntries);
        IEnumerable<string> versioned = Distributions
            .Where(Directory.Exists)
            .SelectMany(Directory.GetDirectories)
            .OrderByDescending(folder => int.TryParse(Path.GetFileName(folder), out int major) ? major : 0)
            .Select(folder => Path.Combine(folder, "bin"));
        return onPath.Concat(versioned)
            .Select(folder => new ServerPrograms(folder))
            .Where(programs => File.Exists(programs.Postgres) && File.Exists(programs.Initdb));
    }

    /// <summary>Such as <c>15</c>; a data folder can be used by the major version that made it only.</summary>
    public async Task<string> ReadMajorVersionAsync(CancellationToken stop)
    {
        // "postgres (PostgreSQL) 15.12 (Debian 15.12-0+deb12u2)"
        (_, string output) = await ChildProcess.RunAsync(new ChildStart(Postgres, "--version"), stop);
        return output.Split(')', 2)[^1].Trim().Split('.', ' ')[0];
    }
}
